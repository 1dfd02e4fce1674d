"""「CSVダウンロード」 on the SNS tab: the conversation of an imported chat, as of a call (R104, R112 to R116)."""

import csv
import io

import pytest
from django.urls import reverse

from renkei.models import AuditEntry, Interaction
from renkei.permissions import ADMINISTRATOR, AGENT
from tests.actions.imports.source import make_importing, record
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db
VIEWS = {"case_csv": "cp932", "case_csv_utf_8": "utf-8-sig"}


@pytest.fixture
def imported() -> Interaction:
    importing = make_importing()
    importing.take([record("c-1", texts=["=1+1", 'はい、"承知"\nしました😀'])])
    return Interaction.objects.get()


@pytest.mark.parametrize("view", VIEWS)
def test_the_conversation_is_downloaded_and_its_taking_away_is_written_down(imported: Interaction, view: str) -> None:
    """Proves R104, R112, R113, R114, R115, R119."""
    person = make_person(ADMINISTRATOR)
    client = sign_in(person)
    page = client.get(reverse("console:case_tab", args=[imported.case_id, imported.pk, "sns"])).content.decode()
    address = reverse(f"console:{view}", args=[imported.case_id, imported.pk])
    assert address in page
    assert "😀" in page.split('id="chat-losses"')[1].split("</p>")[0]
    answer = client.get(address)
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(body.decode(VIEWS[view]), newline="")))
    assert rows[0] == ["会話日時", "会話者", "会話内容"]
    assert [row[1] for row in rows[1:]] == ["お客様", "チャットサービス"]
    assert not rows[1][2].startswith("=")
    assert '"承知"\nしました' in rows[2][2].replace("\r\n", "\n")
    assert ("😀" in rows[2][2]) is (view == "case_csv_utf_8")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    deed = AuditEntry.objects.get(action="chat.exported", user=person)
    assert (deed.resource, deed.object_id, deed.detail["via"]) == ("interaction", str(imported.pk), "csv")


@pytest.mark.parametrize("view", VIEWS)
def test_who_may_only_read_takes_no_file_away(imported: Interaction, view: str) -> None:
    """Proves R109. Nor does somebody for whom the case does not exist."""
    reader = make_person(AGENT, group="よそ")
    imported.current_agent = reader.agent  # type: ignore[attr-defined]
    imported.save()
    address = reverse(f"console:{view}", args=[imported.case_id, imported.pk])
    tab = sign_in(reader).get(reverse("console:case_tab", args=[imported.case_id, imported.pk, "sns"]))
    assert tab.status_code == 200
    assert address not in tab.content.decode()
    assert sign_in(reader).get(address).status_code == 403
    stranger = make_person(None, group="よそ", rights=["case.view", "chat_content.view", "chat_content.export"])
    assert sign_in(stranger).get(address).status_code == 404
    assert not AuditEntry.objects.filter(action="chat.exported").exists()

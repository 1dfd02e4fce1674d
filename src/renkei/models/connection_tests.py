"""Connection tests of chatbot linkages: asked on a screen, carried out by the jobs worker."""

from django.db import models

from renkei import clock
from renkei.models.accounts import User
from renkei.models.line import Ivr


class ConnectionTest(models.Model):
    """One press of 「接続テスト」. ``number`` is the E.164 number to ask for; only its last digits are kept once the
    test is over. ``result`` holds codes and the ids of the requests made, never what the provider said."""

    class State(models.TextChoices):
        """WAITING and RUNNING are open; DONE has a result, whatever it says; FAILED means that the test itself died."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    ivr = models.ForeignKey(Ivr, on_delete=models.CASCADE, related_name="connection_tests")
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)
    number = models.CharField(max_length=16)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    result = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("ivr",), condition=models.Q(state__in=("waiting", "running")), name="one_open_connection_test"
            ),
        )
        indexes = (models.Index(fields=("ivr", "-id"), name="connection_test_newest"),)


class ChatSettingTest(models.Model):
    """One press of 「接続テスト」 on a chat setting. ``result`` holds codes, counts, agents' numbers and the ids of the
    requests made, never what was said in a chat."""

    State = ConnectionTest.State

    setting = models.ForeignKey("renkei.ChatSetting", on_delete=models.CASCADE, related_name="tests")
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=ConnectionTest.State.choices, default=ConnectionTest.State.WAITING)
    result = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("setting",), condition=models.Q(state__in=("waiting", "running")), name="one_open_setting_test"
            ),
        )
        indexes = (models.Index(fields=("setting", "-id"), name="setting_test_newest"),)

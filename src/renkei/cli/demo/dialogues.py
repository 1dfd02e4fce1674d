"""What the sample customers and the bot said to each other: templates with alternatives, filled by a seeded chance.

A line is ``side text``: ``c`` the customer, ``b`` the bot, ``o`` an operator in the chat. Alternatives stand between
``|``; ``{word}`` is filled from WORDS. ``image:``, ``file:``, ``voice:`` and ``place:`` are uploads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from renkei.domain.chat import Kind, Speaker

WORDS = {
    "product": "コーヒーメーカー|羽毛布団|ワイヤレスイヤホン|空気清浄機|電動歯ブラシ|スニーカー(24.5cm)|加湿器|折りたたみ傘|"
    "ドライヤー|ホットプレート|抱き枕|防水ジャケット|キッズ用レインコート|まな板セット",
    "plan": "ファミリープラン|ライトプラン|光コース1G|光コース10G|でんきセット割|データ20GBプラン",
    "carrier": "宅配便|メール便|大型家具便",
    "place": "千葉県船橋市|横浜市港北区|名古屋市千種区|大阪市住吉区|札幌市北区|福岡市早良区|さいたま市浦和区|仙台市青葉区",
    "month": "先月|今月|7月分|8月分|9月分",
    "price": "3,980円|5,478円|12,800円|1,650円|7,920円|980円",
    "day": "昨日|おととい|先週の土曜|月曜日|3日前|一週間前",
    "colour": "ネイビー|ベージュ|ブラック|ホワイト|グリーン",
    "lamp": "赤く点滅|オレンジ|消灯|緑の点滅",
}

GREETING = (
    "b こんにちは。チャットサポートです。ご用件をお聞かせください。|"
    "b いらっしゃいませ。ご質問を入力してください。例: 配送状況、返品、料金"
)
ASK_NUMBER = (
    "b オペレーターにお電話でおつなぎします。お掛けになる電話番号を入力してください。|"
    "b お電話でのご案内をご希望ですね。お掛けになる番号をこちらに入力してください。"
)
GOT_NUMBER = (
    "b 電話番号を承りました。24時間以内にその番号からチャット専用ダイヤルへお掛けください。|"
    "b ありがとうございます。チャットの内容はお電話の担当者にも引き継がれます。"
)
WANT_PERSON = (
    "c オペレーターと話したいです|c 電話で聞きたい|c 人と話せますか?|c オペレーター|c 急いでいるので電話したいです🙏|"
    "c 文字だと説明しづらいので電話お願いします"
)

SHOP_TALKS = (
    (
        "c {product}がまだ届きません|c {day}届くはずの{product}が来ていないのですが…|c 荷物が届かない😢",
        "b お届けについてですね。ご注文番号を入力してください。",
        "c {order}|c 注文番号は {order} です",
        "b ありがとうございます。{carrier}で{place}の営業所に到着しております。|b {day}に発送済みです。追跡番号は {tracking} です。",
        "c {tracking_url}|c 追跡ページを見ても「持ち出し中」のままです|c 不在票は入っていませんでした",
        "b リンクを確認しました。配送会社へお問い合わせいたします。|b ご不便をおかけし申し訳ございません。",
    ),
    (
        "c {day}届いた{product}が壊れていました|c {product}の電源が入りません。初期不良でしょうか",
        "b ご迷惑をおかけしております。状態の分かるお写真を送っていただけますか。",
        "c image:kowareta.jpg|c image:IMG_2041.jpg|c image:photo.png",
        "b ファイルを受け取りました。オペレーターにも共有します。",
        "c 交換してもらえますか?|c 返金でお願いしたいです。代金は{price}でした",
        "b 交換または返金を承ります。詳しくはお電話でご案内いたします。",
    ),
    (
        "c {product}を返品したいです|c サイズが合わなかったので返品できますか",
        "b 商品到着後8日以内で未使用でしたら返品を承ります。ご注文番号を入力してください。",
        "c {order}",
        "b 返品の送料はお客様負担となります。よろしいですか。",
        "c はい|c 送料がかかるなら交換にしたいです\n{colour}に変えられますか?|c えっ、送料かかるんですか😥",
    ),
    (
        "c {product}の{colour}の再入荷はいつですか|c 在庫確認です。{product}({colour})はありますか?",
        "b 商品ページのURLをお送りいただけますか。",
        "c {shop_url}|c これです {shop_url} の{colour}",
        "b リンクを確認しました。入荷は来週の予定です。入荷のお知らせに登録いただけます。",
        "c ありがとうございます!|c 登録の方法がわかりません",
    ),
    (
        "c クーポンが使えない|c クーポンコードを入れても「対象外」と出ます",
        "b クーポンの画面の写しを送っていただけますか。",
        "c image:screenshot.png|c image:Screenshot_20250131.png",
        "b 確認しました。{price}以上のご注文が対象でございます。",
        "c 合計 {price} なんですが|c なるほど、わかりました👍",
    ),
    (
        "c 届け先を変更したいのですが|c 引っ越したので住所を変えたい",
        "b 発送前でしたら変更できます。新しいお届け先を教えてください。",
        "c {place}です|c place:新住所",
        "b 承りました。番地は個人情報のためお電話で伺います。",
    ),
    (
        "c 領収書を発行してください|c 会社名で領収書が欲しいです。㈱テスト商事でお願いします",
        "b マイページの「注文履歴」から発行いただけます。",
        "c マイページに入れません|c 見つけました。ありがとうございます|c file:order.pdf",
        "b パスワードの再設定はこちらです。 https://shop.example.jp/password",
    ),
)

CONTRACT_TALKS = (
    (
        "c 解約したいです|c {plan}を解約したいのですが違約金はかかりますか|c 解約の手続きを教えてください",
        "b ご解約のお手続きですね。ご契約番号はお手元にございますか。",
        "c {contract}|c 契約番号は{contract}です",
        "b ありがとうございます。解約月の月額料金は日割りになりません。",
        "c 違約金は?|c 機器はどうやって返すんですか|c 家族の分はそのままにしたいです",
        "b 違約金の有無はオペレーターが確認いたします。",
    ),
    (
        "c {month}の請求がいつもより高いです|c 請求額が{price}になっているのはなぜですか?",
        "b ご請求についてですね。明細の画面の写しを送っていただくこともできます。",
        "c image:meisai.png|c 「付加サービス」が{price}と書いてあります|c file:{month}明細.pdf",
        "b ありがとうございます。身に覚えのないご請求はオペレーターが確認いたします。",
    ),
    (
        "c ネットがつながりません|c 今朝からWi-Fiが使えない😡|c ルーターのランプが{lamp}になっています",
        "b ご不便をおかけしております。ルーターのランプは何色に光っていますか。",
        "c {lamp}です|c image:router.jpg|c voice:router.wav",
        "b 電源を30秒ほど抜いてから入れ直してください。",
        "c 直りません|c やってみましたがだめでした\n2回試しました|c 直りました!ありがとうございます😊",
    ),
    (
        "c {plan}に変更したい|c プラン変更はどこからできますか",
        "b マイページの「ご契約内容」から変更いただけます。",
        "c {my_url}|c このページですか? {my_url}",
        "b はい、そちらのページでございます。変更は翌月からとなります。",
        "c 料金はいくら変わりますか|c 家族も一緒に変えられますか👨‍👩‍👧",
    ),
    (
        "c 来月引っ越します|c 引っ越し先の{place}でも使えますか",
        "b 移転のお手続きですね。移転先の郵便番号を入力してください。",
        "c 273-0011|c 222-0033です|c place:移転先",
        "b ご利用いただけるエリアです。工事日はお電話で調整いたします。",
    ),
    (
        "c 口座振替の用紙がほしい|c 支払い方法をクレジットカードに変えたいです💳",
        "b お支払い方法の変更ですね。カード番号はこのチャットに入力しないでください。",
        "c わかりました|c どこから変えられますか?",
        "b マイページ、またはお電話で承ります。",
    ),
    (
        "c 契約者が亡くなったので名義を変えたいです|c 名義変更に必要な書類を教えてください",
        "b お手続きについてご案内いたします。ご契約者様とのご関係を教えてください。",
        "c 長女です|c 妻です。書類は file で送れますか|c file:koseki.pdf",
        "o オペレーターの𠮷田でございます。心よりお悔やみ申し上げます。詳しくはお電話で伺います。",
    ),
)

_UPLOADS = {"image": Kind.IMAGE, "file": Kind.FILE, "voice": Kind.AUDIO, "place": Kind.LOCATION}
_SPEAKERS = {"c": Speaker.CUSTOMER, "b": Speaker.BOT, "o": Speaker.OPERATOR}


@dataclass(frozen=True, slots=True)
class Spoken:
    """One line of a chat, without its time; ``is_number`` marks the one in which the customer gave the number."""

    speaker: Speaker
    kind: Kind
    text: str
    url: str | None = None
    is_number: bool = False


def hold_chat(chance: Random, talks: tuple[tuple[str, ...], ...], *, number: str, files_url: str) -> list[Spoken]:
    """A whole chat that ends with the customer giving ``number``; ``files_url`` is where the provider keeps uploads."""
    talk = chance.choice(talks)
    length = chance.randint(2, len(talk))
    said = [_say(chance, line, files_url) for line in (GREETING, *talk[:length], WANT_PERSON, ASK_NUMBER)]
    said.append(Spoken(Speaker.CUSTOMER, Kind.TEXT, number, is_number=True))
    said.append(_say(chance, GOT_NUMBER, files_url))
    said.extend(_afterwards(chance, files_url))
    return said


def _afterwards(chance: Random, files_url: str) -> Iterator[Spoken]:
    if chance.random() < 0.25:
        yield _say(chance, "c ありがとうございます|c よろしくお願いします🙇|c 今から掛けます📞|c 👍", files_url)


def _say(chance: Random, alternatives: str, files_url: str) -> Spoken:
    side, _, text = chance.choice(alternatives.split("|")).partition(" ")
    speaker = _SPEAKERS[side]
    upload, _, name = text.partition(":")
    if upload in _UPLOADS and name:
        name = _fill(chance, name)
        return Spoken(speaker, _UPLOADS[upload], name, f"{files_url}/{chance.randbytes(9).hex()}/{upload}")
    return Spoken(speaker, Kind.TEXT, _fill(chance, text))


def _fill(chance: Random, text: str) -> str:
    if "{" not in text:
        return text
    words = {name: chance.choice(choices.split("|")) for name, choices in WORDS.items()}
    digits = "".join(chance.choices("0123456789", k=12))
    return text.format(
        **words,
        order=f"A-2025{digits[:4]}-{digits[4:8]}",
        contract=f"K{digits[:9]}",
        tracking=f"{digits[:4]}-{digits[4:8]}-{digits[8:]}",
        tracking_url=f"https://tracking.example.jp/?no={digits}",
        shop_url=f"https://shop.example.jp/item/{digits[:6]}",
        my_url=f"https://my.example.jp/plan?id={digits[:5]}",
    )

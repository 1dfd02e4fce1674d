// The words of the emulated provider's pages, in both languages, and the switch between them.

const WORDS = {
  ja: {
    title: "チャットサポート",
    app_title: "店舗アプリのチャット",
    mark: "これは架空のチャットボットです。",
    renew: "新しいチャット",
    messages: "会話",
    text: "メッセージ",
    text_hint: "メッセージ、URL、絵文字を入力",
    send: "送信",
    more: "そのほか",
    picture: "写真・ファイル",
    sample_picture: "見本の写真",
    sample_url: "URLだけ",
    emoji: "絵文字",
    number: "お電話番号(このあとお掛けになる番号)",
    give: "番号を送る",
    number_hint: "電話でつなぐときの鍵になります。",
    number_given: "お伝えいただいた番号: ",
    trouble: "提供元の障害を起こす(デモ用)",
    age: "このチャットを25時間前のものにする(デモ用)",
    user: "お客様",
    bot: "チャットボット",
    operator: "オペレーター",
    system: "お知らせ",
    open: "ファイルを開く",
    problem: "送信できませんでした。内容は消えていません。もう一度お試しください。",
    too_large: "ファイルは5MBまでです。小さいものを選んでください。",
    not_accepted: "この種類のファイルは送れません。写真、音声、動画、PDF、テキストを選んでください。",
    sample_name: "ルーターの写真.png",
    trouble_title: "提供元の障害",
    trouble_mark: "架空の提供元をわざと失敗させます。",
    failure: "障害の種類",
    times: "回数(空欄なら解除するまで)",
    project: "プロジェクトID(空欄ならすべて)",
    order: "この障害を起こす",
    clear: "正常に戻す",
    now: "いまの状態",
    healthy: "正常に動いています。",
    left: "残り回数: ",
    everywhere: "すべてのプロジェクト",
    back: "チャットへ戻る",
    other: "English",
  },
  en: {
    title: "Chat support",
    app_title: "The shop app's chat",
    mark: "This chatbot is invented. The bot answers in Japanese.",
    renew: "New chat",
    messages: "Conversation",
    text: "Message",
    text_hint: "Message, URL or emoji",
    send: "Send",
    more: "More",
    picture: "Picture or file",
    sample_picture: "Sample picture",
    sample_url: "Just a URL",
    emoji: "Emoji",
    number: "Telephone number (the one you will call from)",
    give: "Give the number",
    number_hint: "It is the key that joins this chat to your call.",
    number_given: "The number you gave: ",
    trouble: "Make the provider fail (demonstration)",
    age: "Make this chat 25 hours old (demonstration)",
    user: "Customer",
    bot: "Chatbot",
    operator: "Operator",
    system: "Notice",
    open: "Open the file",
    problem: "This could not be sent. Nothing is lost; please try again.",
    too_large: "A file may have 5 MB at most. Please choose a smaller one.",
    not_accepted: "Files of this kind cannot be sent. Choose a picture, sound, film, PDF or text.",
    sample_name: "router.png",
    trouble_title: "Provider trouble",
    trouble_mark: "Makes the invented provider fail on purpose.",
    failure: "Kind of failure",
    times: "How many times (empty: until put right)",
    project: "Project ID (empty: all)",
    order: "Fail like this",
    clear: "Put right",
    now: "Now",
    healthy: "Working normally.",
    left: "Times left: ",
    everywhere: "all projects",
    back: "Back to the chat",
    other: "日本語",
  },
};

const asked = new URLSearchParams(location.search).get("lang");
let language = asked in WORDS ? asked : (localStorage.getItem("language") ?? "ja");

export function word(key) {
  return WORDS[language]?.[key] ?? key;
}

function draw() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of document.querySelectorAll("[data-word-label]")) node.ariaLabel = word(node.dataset.wordLabel);
  for (const node of document.querySelectorAll("[data-word-placeholder]")) node.placeholder = word(node.dataset.wordPlaceholder);
  const button = document.getElementById("language");
  button.textContent = word("other");
  button.lang = language === "ja" ? "en" : "ja";
  document.dispatchEvent(new CustomEvent("words-changed"));
}

document.getElementById("language").addEventListener("click", () => {
  language = language === "ja" ? "en" : "ja";
  localStorage.setItem("language", language);
  draw();
});
queueMicrotask(draw);

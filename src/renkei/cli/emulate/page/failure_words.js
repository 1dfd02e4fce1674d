// What each failure of the provider is called, in both languages; the order is that of the list, common ones first.

const FAILURES = {
  status_500: ["サーバーエラー(500)を返す", "Answers with a server error (500)"],
  black_hole: ["応答しない(無言)", "Says nothing at all"],
  html: ["意味のない応答(Webページ)を返す", "Answers with rubbish: a web page"],
  session_not_found: ["「該当なし」を返す", "Answers “not found”"],
  empty: ["チャットが0件", "Answers with no chats"],
  status_503: ["メンテナンス中(503)", "Under maintenance (503)"],
  reset: ["接続を切る", "Breaks the connection off"],
  status_401: ["認証エラー(401)", "Refuses the credentials (401)"],
  project_not_found: ["プロジェクトIDを知らない", "Does not know the project ID"],
  channel_not_found: ["チャネルIDを知らない", "Does not know the channel ID"],
  status_403: ["アクセス拒否(403)", "Denies access (403)"],
  status_404: ["ページなし(404)", "No such page (404)"],
  status_429: ["リクエスト過多(429)", "Too many requests (429)"],
  internal_error: ["成功(200)の形で内部エラーを返す", "An internal error, sent as a success (200)"],
  slow_drip: ["1秒に1バイトずつ返す", "Drips one byte a second"],
  truncated_json: ["途中で切れたJSON", "JSON cut off before its end"],
  reset_in_body: ["本文の途中で接続を切る", "Breaks off in the middle of the body"],
  not_http: ["HTTPでない応答", "Answers in another protocol than HTTP"],
  wrong_types: ["項目の型が違う", "Fields of the wrong type"],
  not_a_number: ["数値でない値(NaN)", "NaN where a value belongs"],
  duplicate_keys: ["同じキーが2回ある", "The same key twice"],
  deep_json: ["10万段の入れ子", "Nested 100,000 deep"],
  utf_16: ["UTF-16で返す", "Written in UTF-16"],
  nul_and_surrogates: ["NULと不正な文字を含む", "NUL and broken characters in the text"],
  duplicated: ["同じチャットが2回ある", "Every chat twice"],
  reordered: ["順序が逆", "Everything in reverse order"],
  endless_pages: ["終わりのないページ送り", "Pages without end"],
  million_messages: ["メッセージ100万件", "A million messages"],
  ten_megabyte_message: ["10MBのメッセージ", "A message of 10 MB"],
  ten_gigabyte_body: ["10GBの本文", "A body of 10 GB"],
  gzip_bomb: ["展開すると10GBになる圧縮データ", "Compressed data that inflates to 10 GB"],
  redirect_to_loopback: ["サーバー自身へ転送する", "Redirects to the server itself"],
  clock_25h_fast: ["時計が25時間進んでいる", "Clock 25 hours fast"],
  clock_25h_slow: ["時計が25時間遅れている", "Clock 25 hours slow"],
  clock_2min_fast: ["時計が2分進んでいる", "Clock 2 minutes fast"],
};

export const COMMON_FIRST = Object.keys(FAILURES);

export function failureName(code, language) {
  return FAILURES[code]?.[language === "ja" ? 0 : 1] ?? code;
}

import type { Context } from "hono";
import type { Receipt } from "../../../lib/receipt/receipt.ts";
import { header } from "../../contract/answers.ts";

/** Longest header that holds a receipt; proxies may refuse longer ones. */
const MAX_HEADER = 6000;

/** Headers of an answer whose body is only a mask, for the OpenAPI document. */
export const receiptHeaders = {
  "x-receipt": header(
    `Of an answer other than JSON: its receipt's JSON in base64url; left out above ${MAX_HEADER} characters`,
  ),
  "x-receipt-id": header("Of an answer other than JSON: its receipt's id"),
};

/** Puts a receipt into the headers. */
export function sendReceipt(c: Context, receipt: Receipt): void {
  c.header("x-receipt-id", receipt.id);
  const text = new TextEncoder().encode(JSON.stringify(receipt))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  if (text.length <= MAX_HEADER) c.header("x-receipt", text);
}

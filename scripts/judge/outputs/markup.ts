// XML and HTML by a tagged template that escapes whatever is put into it, so that no renderer can forget to.

export type Markup = { readonly markup: string }
type Value = string | number | Markup | readonly Markup[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** Characters that XML 1.0 admits in no form, not even as a reference: https://www.w3.org/TR/xml/#charsets. */
const NO_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

/** `text` for an element or a quoted attribute; characters that XML cannot hold are written as `\u{1b}`. */
export function escapeMarkup(text: string): string {
  return text
    .replace(NO_XML, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

/** Values are escaped unless they are markup themselves. Attributes are to be written with double quotes. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return { markup: parts.reduce((text, part, at) => text + toMarkup(values[at - 1] ?? '') + part) }
}

/** Text that is markup already: a style sheet, a script. */
export function verbatim(text: string): Markup {
  return { markup: text }
}

function toMarkup(value: Value): string {
  if (typeof value === 'string') return escapeMarkup(value)
  if (typeof value === 'number') return String(value)
  return 'markup' in value ? value.markup : value.map((one) => one.markup).join('')
}

// `--output FORMAT=FILE`: which renderings of the verdict are asked for, and what makes them.
import { InvalidArgumentError } from 'commander'
import type { Conformance } from '../verdict/conformance.ts'
import { renderHtml } from './html/page.ts'
import { renderJunit } from './junit.ts'
import { renderMarkdown } from './markdown.ts'
import { renderSarif } from './sarif.ts'

/** Each format of `--output`. */
const RENDERERS = {
  junit: renderJunit,
  markdown: renderMarkdown,
  sarif: renderSarif,
  html: renderHtml,
} satisfies Readonly<Record<string, (conformance: Conformance) => string>>
export type OutputFormat = keyof typeof RENDERERS
export const OUTPUT_FORMATS = Object.keys(RENDERERS) as readonly OutputFormat[]
export type Output = { readonly format: OutputFormat; readonly file: string }

/** Parser of commander for an option that may be repeated. */
export function parseOutput(text: string, before: readonly Output[] = []): readonly Output[] {
  const at = text.indexOf('=')
  const format = OUTPUT_FORMATS.find((one) => one === text.slice(0, at))
  const file = text.slice(at + 1)
  if (at < 0 || format === undefined || file === '')
    throw new InvalidArgumentError(`expected FORMAT=FILE with a format of ${OUTPUT_FORMATS.join(', ')}.`)
  if (before.some((one) => one.file === file)) throw new InvalidArgumentError('expected another FILE for each output.')
  return [...before, { format, file }]
}

export function renderOutput(format: OutputFormat, conformance: Conformance): string {
  return RENDERERS[format](conformance)
}

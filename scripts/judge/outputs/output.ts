// `--output FORMAT=FILE`: which renderings of the verdict are asked for, and what makes them.
import { InvalidArgumentError } from 'commander'
import type { Conformance } from '../verdict/conformance.ts'

type Render = (conformance: Conformance) => string

/** Each format of `--output`, loaded where it is asked for. */
const RENDERERS = {
  junit: async () => (await import('./junit.ts')).renderJunit,
  markdown: async () => (await import('./markdown.ts')).renderMarkdown,
  sarif: async () => (await import('./sarif.ts')).renderSarif,
  html: async () => (await import('./html/page.ts')).renderHtml,
} satisfies Readonly<Record<string, () => Promise<Render>>>
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

export async function renderOutput(format: OutputFormat, conformance: Conformance): Promise<string> {
  return (await RENDERERS[format]())(conformance)
}

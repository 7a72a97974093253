// Values of a configuration after decoding: what is null or could not be read is absent, as the zero value is to Go.
import type { YamlPlace } from '../../formats/yaml/nodes.ts'

/** `tag` is what go-yaml resolved the text to; `value` is null only for a null inside a list or a free mapping. */
export type ScalarValue = {
  readonly kind: 'scalar'
  readonly value: string | null
  readonly tag: string
  readonly at: YamlPlace
}
export type ListValue = { readonly kind: 'list'; readonly items: readonly Value[]; readonly at: YamlPlace }
export type Entry = { readonly keyAt: YamlPlace; readonly value: Value }
export type MapValue = { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Entry>; readonly at: YamlPlace }
export type Value = ScalarValue | ListValue | MapValue

export function nullValue(at: YamlPlace): ScalarValue {
  return { kind: 'scalar', value: null, tag: '!!null', at }
}

// A decoded value with its place and its key, for conditions that read like the sentences they restate. What is absent
// has the zero value, as in Go.
import type { YamlPlace } from '#harness/formats/yaml/nodes.ts'
import type { Entry, Value } from '#harness/machine-config/reading/value.ts'
import { parseGoInteger } from '#harness/machine-config/yaml/tag.ts'
import { parseDuration } from '#harness/machine-config/go/formats.ts'
import { parseGoUrl, type GoUrl } from '#harness/machine-config/go/url.ts'

export class View {
  readonly value: Value | undefined
  /** Its place, or that of its parent where it is absent. */
  readonly at: YamlPlace
  /** The name in findings: `machine.install.disk`, `VLANConfig eth0.5: vlanID`. */
  readonly key: string

  constructor(value: Value | undefined, at: YamlPlace, key: string) {
    this.value = value
    this.at = at
    this.key = key
  }

  /** The value under one key after the other. */
  get(...keys: readonly string[]): View {
    return keys.reduce((view: View, key) => view.#below(key), this)
  }

  #below(key: string): View {
    const entry: Entry | undefined = this.value?.kind === 'map' ? this.value.entries.get(key) : undefined
    const name = this.key === '' || this.key.endsWith(': ') ? `${this.key}${key}` : `${this.key}.${key}`
    return new View(entry?.value, entry === undefined ? this.at : entry.keyAt, name)
  }

  /** True for what is not nil. */
  get isSet(): boolean {
    return this.value !== undefined
  }

  /** A null inside of a list or a free mapping. */
  get isNull(): boolean {
    return this.value?.kind === 'scalar' && this.value.value === null
  }

  get text(): string {
    return this.value?.kind === 'scalar' ? (this.value.value ?? '') : ''
  }

  get isText(): boolean {
    return this.text !== ''
  }

  get number(): number {
    const text = this.text.replaceAll('_', '')
    const whole = parseGoInteger(text)
    return whole === undefined ? Math.trunc(Number(text === '' ? 0 : text)) : Number(whole)
  }

  /** The word of an enumeration, which is read in any case. */
  get word(): string {
    return this.text.toLowerCase()
  }

  get isTrue(): boolean {
    return /^(y|yes|on|true)$/i.test(this.text)
  }

  /** True for what is set and not true. */
  get isFalse(): boolean {
    return this.isSet && !this.isTrue
  }

  /** Nanoseconds. */
  get duration(): number {
    return parseDuration(this.text) ?? (this.isText ? Number(this.text.replaceAll('_', '')) : 0)
  }

  /** The URL; undefined for what is absent. The empty text is a URL to Endpoint, and none to the later URL. */
  get url(): GoUrl | undefined {
    return this.isSet ? parseGoUrl(this.text) : undefined
  }

  get items(): readonly View[] {
    if (this.value?.kind !== 'list') return []
    return this.value.items.map((item, index) => new View(item, item.at, `${this.key}[${index}]`))
  }

  get texts(): readonly string[] {
    return this.items.map(({ text }) => text)
  }

  get entries(): readonly (readonly [string, View])[] {
    return this.value?.kind === 'map' ? [...this.value.entries.keys()].map((key) => [key, this.get(key)] as const) : []
  }

  get size(): number {
    if (this.value?.kind === 'list') return this.value.items.length
    return this.value?.kind === 'map' ? this.value.entries.size : 0
  }

  /** True for a value with nothing in it but empty text; a pointer counts as something wherever it is set. */
  isZero(pointers: readonly string[] = []): boolean {
    if (this.value === undefined) return true
    if (this.value.kind === 'scalar') return !this.isText
    if (this.value.kind === 'list') return this.size === 0
    return this.entries.every(([key, view]) => !pointers.includes(key) && view.isZero(pointers))
  }
}

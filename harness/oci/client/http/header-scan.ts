// A place in the text of a header (RFC 9110, 5.6). Every pattern is sticky and has no choice of where to end, so that a
// hostile header is looked at once and not again and again.
import { RegistryError, type Location } from '../../../errors.ts'

/** Real challenges and links have some 200 bytes. */
const MAX_LENGTH = 16 << 10

export const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
export const SPACE = /[ \t]*/y
/** Commas that separate nothing are allowed in every list. */
export const EMPTY_ELEMENTS = /[ \t,]*/y
/** Any character but controls other than a tab; a backslash takes the next one as it is. */
const QUOTED = /"(?:[^"\\\p{Cc}]|\t|\\[^\p{Cc}])*"/uy

export class HeaderScan {
  position = 0
  readonly #text: string
  readonly #name: string
  readonly #at: Location

  /** `name` is what errors call the header. RegistryError REGISTRY_PROTOCOL for one that is too long. */
  constructor(text: string, name: string, at: Location) {
    this.#text = text
    this.#name = name
    this.#at = at
    if (text.length > MAX_LENGTH) throw this.error(`at most ${MAX_LENGTH} characters`)
  }

  ended(): boolean {
    return this.position >= this.#text.length
  }

  /** True if one of `characters` comes next. */
  sees(characters: string): boolean {
    return !this.ended() && characters.includes(this.#text.charAt(this.position))
  }

  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.position += found.length
    return found
  }

  expect(pattern: RegExp, what: string): string {
    const found = this.take(pattern)
    if (found === undefined) throw this.error(what)
    return found
  }

  /** A token or a quoted string without its quotes. */
  value(): string {
    const quoted = this.take(QUOTED)
    return quoted?.slice(1, -1).replace(/\\(.)/g, '$1') ?? this.expect(TOKEN, 'a value')
  }

  error(what: string): RegistryError {
    return new RegistryError('REGISTRY_PROTOCOL', `${this.#name}: expected ${what}, got something else`, {
      at: { ...this.#at, offset: Math.min(this.position, this.#text.length) },
    })
  }
}

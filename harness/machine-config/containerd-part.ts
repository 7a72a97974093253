// The keys of a part of containerd's configuration (TOML): https://github.com/containerd/containerd/blob/v2.1.5/docs/cri/config.md
import { parse, TomlError } from 'smol-toml'

/** Genuine parts have a few hundred bytes. */
const MAX_LENGTH = 1 << 20

export type ContainerdPart = {
  readonly version?: number
  /** The keys directly below each plugin. */
  readonly keys: readonly { readonly plugin: string; readonly key: string }[]
  /** The reason that it cannot be read. */
  readonly error?: string
}

export function containerdPart(text: string): ContainerdPart {
  if (text.length > MAX_LENGTH) return { keys: [], error: `more than ${MAX_LENGTH} characters` }
  try {
    const { version, plugins } = parse(text)
    return { ...(typeof version === 'number' && { version }), keys: keysOf(plugins) }
  } catch (error) {
    if (error instanceof TomlError) return { keys: [], error: `line ${error.line}: ${firstLine(error.message)}` }
    // Deep nesting: the parser recurses.
    if (error instanceof RangeError) return { keys: [], error: 'too deep' }
    throw error
  }
}

function keysOf(plugins: unknown): ContainerdPart['keys'] {
  return entriesOf(plugins).flatMap(([plugin, fields]) => entriesOf(fields).map(([key]) => ({ plugin, key })))
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? ''
}

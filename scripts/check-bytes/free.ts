// The free bytes of an image, by the list in specs/README.md: ranges that no rule need know.

export type FreeClass = 'compression' | 'time' | 'history' | 'directory links' | 'line order'
export type Free = { readonly why: FreeClass; readonly offset: number; readonly size: number }

export function free(why: FreeClass, offset: number, size: number): Free {
  return { why, offset, size }
}

/** The classes of all bytes that differ; undefined where one of them is not free, or the lengths differ. */
export function explain(
  before: Uint8Array,
  after: Uint8Array,
  ranges: readonly Free[],
): ReadonlySet<FreeClass> | undefined {
  const classes = new Set<FreeClass>()
  const whole = ranges.find(({ why, offset, size }) => why === 'compression' && offset === 0 && size === before.length)
  if (whole !== undefined) return classes.add('compression')
  if (before.length !== after.length) {
    if (timesAside(before) === timesAside(after)) return classes.add('time')
    return historyAside(before) === historyAside(after) ? classes.add('history') : undefined
  }
  for (let at = 0; at < before.length; at++) {
    if (before[at] === after[at]) continue
    const found = ranges.find(({ offset, size }) => at >= offset && at < offset + size)
    if (found === undefined) return undefined
    classes.add(found.why)
  }
  return classes
}

/** A text without the value of `created`; a text without that field is unchanged. */
function timesAside(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replaceAll(/"created":"[^"]*"/g, '"created":""')
}

const HISTORY = /"history":\[[^\]]*\]/

/** A text without the entries of `history`; a text without that field is unchanged. */
function historyAside(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1').replace(HISTORY, '"history":[]')
}

/** `created` of a config, and the entries of its history. */
export function freeInConfig(json: Buffer): readonly Free[] {
  const found: Free[] = []
  const text = json.toString('latin1')
  for (const match of text.matchAll(/"created":"([^"]*)"/g))
    found.push(free('time', match.index + '"created":"'.length, match[1]?.length ?? 0))
  const history = HISTORY.exec(text)
  return history === null ? found : [...found, free('history', history.index, history[0].length)]
}

/** mtime of every header. */
export function timesInTar(tar: Buffer): readonly Free[] {
  const found: Free[] = []
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    found.push(free('time', at + 136, 12))
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0
    at += 512 + Math.ceil(size / 512) * 512
  }
  return found
}

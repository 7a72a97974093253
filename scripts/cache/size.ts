// Sizes as people write and read them.

const UNITS = ['B', 'K', 'M', 'G', 'T'] as const
const FACTOR = 1024

/** Bytes that `5G`, `500M`, `1.5T`, `4096` mean; undefined for what is no size. Powers of 1024, with or without `iB`. */
export function parseSize(text: string): number | undefined {
  const [, number, unit = 'B'] = /^(\d{1,9}(?:\.\d{1,3})?)\s?([KMGT]?)(?:iB|B)?$/i.exec(text.trim()) ?? []
  if (number === undefined) return undefined
  const power = Math.max(0, UNITS.indexOf((unit === '' ? 'B' : unit.toUpperCase()) as (typeof UNITS)[number]))
  return Math.round(Number(number) * FACTOR ** power)
}

/** `1.5 GiB` */
export function formatSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10))
  const value = bytes / FACTOR ** power
  return power === 0 ? `${bytes} B` : `${value.toFixed(1)} ${UNITS[power]}iB`
}

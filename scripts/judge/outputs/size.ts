// Sizes as a person reads them.

const UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const

/** Three significant digits: `812 B`, `1.02 KiB`, `63.4 MiB`. */
export function formatSize(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${UNITS[unit]}`
}

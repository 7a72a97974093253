// The times of a config, as time.Time of Go takes them from JSON (go1.26 src/time/format_rfc3339.go, parseStrictRFC3339):
// a config with another one cannot be read by Go at all.
import type { JsonProblem } from '../../json/walk.ts'
import type { ImageConfig } from './schemas.ts'

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|[+-](\d\d):(\d\d))$/
const DAYS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** `created` of the config and of its history, where there is one that Go refuses. */
export function timeProblems({ created, history }: ImageConfig): readonly JsonProblem[] {
  const times = [
    { pointer: '/created', time: created },
    ...(history ?? []).map((entry, index) => ({ pointer: `/history/${index}/created`, time: entry.created })),
  ]
  return times
    .filter(({ time }) => time !== undefined && !isTime(time))
    .map(({ pointer, time }) => ({ pointer, message: `expected a time as of RFC 3339, got ${JSON.stringify(time)}` }))
}

function isTime(text: string): boolean {
  const match = RFC3339.exec(text)
  if (match === null) return false
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zoneHour = 0, zoneMinute = 0] = match
    .slice(1)
    .map((digits) => Number(digits ?? 0))
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = month === 2 && leap ? 29 : (DAYS[month - 1] ?? 0)
  return day >= 1 && day <= days && hour < 24 && minute < 60 && second < 60 && zoneHour < 24 && zoneMinute < 60
}

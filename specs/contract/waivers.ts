// Exceptions of a person, each with an end: waivers.yaml, or the file given with --waivers.
import { z } from 'zod'
import { parseYaml } from '#harness/formats/yaml/document.ts'
import { validate } from '#harness/formats/yaml/schema.ts'

const waiverSchema = z.strictObject({
  id: z.string().regex(/^[A-Z]{3,4}-\d{3}$/, 'expected a rule such as EXT-016'),
  variant: z.string().min(1).optional(),
  reason: z.string().min(10, 'expected a reason that a reader understands'),
  expires: z.iso.date('expected a day such as 2027-01-31'),
})
const waiversSchema = z.strictObject({ waivers: z.array(waiverSchema).readonly() })

export type Waiver = Readonly<z.infer<typeof waiverSchema>>

/** A waivers file (YAML); SchemaError with every issue, FormatError MALFORMED when it is no YAML. */
export function parseWaivers(bytes: Uint8Array, path: string): readonly Waiver[] {
  return validate('waivers', waiversSchema, parseYaml(bytes, { path }, { scalars: 'text' }), { path }).waivers
}

/** Whether the waiver holds for a variant; not whether it is over. */
export function isFor(waiver: Waiver, id: string, variant: string): boolean {
  return waiver.id === id && (waiver.variant === undefined || waiver.variant === variant)
}

/** `today` as `2026-11-23`, in UTC; the day of expiry still counts. */
export function isExpired(waiver: Waiver, today: string): boolean {
  return waiver.expires < today
}

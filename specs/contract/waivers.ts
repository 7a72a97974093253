// Exceptions of a person, each with an end: waivers.yaml, or the file given with --waivers.
import { z } from 'zod'
import { parseYaml } from '#harness/formats/yaml/document.ts'
import { validateDocument } from './findings/document.ts'

const waiverSchema = z.strictObject({
  /** A rule, or of one that judges by a list an entry: `REL-010/tailscale-without-iptables`. */
  id: z
    .string()
    .regex(/^[A-Z]{3,4}-\d{3}(\/[a-z0-9][a-z0-9.-]*)?$/, 'expected a rule such as EXT-016, or a rule and its entry'),
  variant: z.string().min(1).optional(),
  reason: z.string().min(10, 'expected a reason that a reader understands'),
  expires: z.iso.date('expected a day such as 2027-01-31'),
})
export const waiversSchema = z.strictObject({ waivers: z.array(waiverSchema).readonly() })

export type Waiver = Readonly<z.infer<typeof waiverSchema>>

/** A waivers file (YAML); SchemaError with every issue, FormatError MALFORMED when it is no YAML. */
export function parseWaivers(bytes: Uint8Array, path: string): readonly Waiver[] {
  const where = { path }
  const value = parseYaml(bytes, where, { scalars: 'text' })
  return validateDocument('waivers', waiversSchema, value, { bytes, where }).waivers
}

/** True if the waiver holds for a variant, expired or not. `id` is that of a rule, or of an entry of one. */
export function isFor(waiver: Waiver, id: string, variant: string): boolean {
  return waiver.id === id && (waiver.variant === undefined || waiver.variant === variant)
}

/** The rule that the waiver is of. */
export function ruleOf({ id }: Waiver): string {
  return id.split('/')[0] ?? id
}

/** True for a waiver that ends more than a year from `today`: a decision for so long belongs into the contract. */
export function isTooLong({ expires }: Waiver, today: string): boolean {
  const last = new Date(`${today}T00:00:00Z`)
  last.setUTCFullYear(last.getUTCFullYear() + 1)
  return expires > last.toISOString().slice(0, 10)
}

/** `today` as `2026-11-23`, in UTC; the day of expiry still counts. */
export function isExpired(waiver: Waiver, today: string): boolean {
  return waiver.expires < today
}

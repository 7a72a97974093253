// The list of sections that imager appends to the stub: siderolabs/talos internal/pkg/uki/uki.go, generate.go @
// v1.11.5.
import { readAll, type ByteSource } from '#harness/bytes/source.ts'
import { MAX_TEXT_SIZE } from '#harness/formats/uki/uki.ts'

/** Sections that imager may leave out. */
const OPTIONAL = new Set(['.uname', '.splash'])
const PCR_KEY = '.pcrpkey'
/** Sections that only an image with a policy for the TPM has. */
const MEASURED = new Set([PCR_KEY, '.pcrsig'])
const PROFILE = '.profile'

/**
 * The sections of `order` (those of the base, `.profile` and what may follow it) with as many profiles as `names` has.
 * A section that may be left out is where `names` has it before a profile; so is a policy for the TPM, whole or not at
 * all.
 */
export function expectedSections(names: readonly string[], order: readonly string[]): readonly string[] {
  const profiles = Math.max(1, names.filter((name) => name === PROFILE).length)
  const inBase = new Set(names.slice(0, names.indexOf(PROFILE)))
  const made = (name: string): boolean =>
    (!MEASURED.has(name) || inBase.has(PCR_KEY)) && (!OPTIONAL.has(name) || inBase.has(name))
  const base = order.slice(0, order.indexOf(PROFILE)).filter(made)
  const behind = order.slice(order.indexOf(PROFILE) + 1).filter(made)
  return [
    ...base,
    ...Array.from({ length: profiles }, (_, index) => [
      PROFILE,
      ...(index === 0 ? [] : ['.cmdline']),
      ...behind,
    ]).flat(),
  ]
}

const FIRST_PRINTABLE = 0x20
const LAST_PRINTABLE = 0x7e

/** `byte 0xc2 at 17` for the first byte that is no printable ASCII. LIMIT_EXCEEDED above MAX_TEXT_SIZE. */
export async function unprintable(line: ByteSource): Promise<readonly string[]> {
  const bytes = await readAll(line, MAX_TEXT_SIZE)
  const at = bytes.findIndex((byte) => byte < FIRST_PRINTABLE || byte > LAST_PRINTABLE)
  return at < 0 ? [] : [`byte 0x${(bytes[at] ?? 0).toString(16).padStart(2, '0')} at ${at}`]
}

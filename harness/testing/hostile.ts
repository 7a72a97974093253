// Property tests that every reader passes: a damaged copy of a good input is read, or is a coded and located error.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesSource, type ByteSource } from '../bytes/source.ts'
import { HarnessError } from '../errors.ts'
import { cpuMs } from './cpu-time.ts'

/** One way to damage bytes. Positions are fractions, so that the same damage fits every sample. */
type Damage =
  | { readonly kind: 'truncate'; readonly at: number }
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'inflate'; readonly at: number; readonly width: number; readonly value: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number }

const fraction = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant('truncate' as const), at: fraction }),
  fc.record({ kind: fc.constant('flip' as const), at: fraction, bit: fc.nat(7) }),
  fc.record({
    kind: fc.constant('inflate' as const),
    at: fraction,
    width: fc.constantFrom(1, 2, 4, 8),
    value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff),
  }),
  fc.record({ kind: fc.constant('repeat' as const), at: fraction, length: fc.integer({ min: 1, max: 4096 }) }),
)

function applyDamage(bytes: Uint8Array, damages: readonly Damage[]): Uint8Array {
  let out = Uint8Array.from(bytes)
  for (const one of damages) {
    const at = Math.floor(one.at * out.length)
    if (one.kind === 'truncate') out = out.slice(0, at)
    else if (one.kind === 'flip') out[at] = (out[at] ?? 0) ^ (1 << one.bit)
    else if (one.kind === 'inflate') out.fill(one.value, at, at + one.width)
    else
      out = Uint8Array.from(Buffer.concat([out.subarray(0, at), out.subarray(at, at + one.length), out.subarray(at)]))
  }
  return out
}

/** Runs per sample: few in `check`, many in `check:fuzz`. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 150)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20261123)
/** A damaged input may not cost more than this: a good one of this size costs milliseconds. */
const SLOWEST_MS = 5_000

/** `read` must consume all that its format promises, lazy parts too, or the property proves nothing about them. */
export function describeHostile(
  format: string,
  samples: Readonly<Record<string, () => Uint8Array | Promise<Uint8Array>>>,
  read: (source: ByteSource) => Promise<unknown>,
): void {
  describe(`hostile ${format}`, () => {
    for (const [name, sample] of Object.entries(samples)) {
      it(`reads a valid ${name}`, async () => {
        await expect(read(bytesSource(await sample(), { path: name }))).resolves.not.toThrow()
      })
      it(`answers every damaged ${name} with a value or a coded, located error`, { timeout: 0 }, async () => {
        const valid = await sample()
        await fc.assert(
          fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
            const started = cpuMs()
            const source = bytesSource(applyDamage(valid, damages), { path: name })
            const thrown = await read(source).then(
              () => undefined,
              (error: unknown) => error,
            )
            expect(cpuMs() - started).toBeLessThan(SLOWEST_MS)
            if (thrown === undefined) return
            if (!(thrown instanceof HarnessError)) throw thrown
            expect(thrown.at?.path, thrown.message).toContain(name)
          }),
          { numRuns: RUNS, seed: SEED },
        )
      })
    }
  })
}

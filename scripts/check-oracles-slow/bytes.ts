// Verdicts against the bytes: random damages of goldens and of an image of ours, ten times as many as CI tries, of which
// none may stay green; and every counterexample once more from kept facts, and from its bytes alone.
import { checkBytes } from '../check-bytes/main.ts'
import { selftest } from '../selftest/main.ts'
import type { Check } from './tool.ts'

const COUNT = 2000
const SEED = 2026

export function byteChecks(): readonly Check[] {
  return [
    {
      name: `${COUNT} random damages`,
      run: async () => {
        const status = await checkBytes([String(COUNT), String(SEED)])
        if (status !== 0) throw new Error(`expected every damage to be noticed; see above, seed ${SEED}`)
        return `seed ${SEED}`
      },
    },
    {
      name: 'every counterexample from kept facts, and from its bytes',
      run: async () => {
        const status = await selftest(['--kept', '--from-bytes'])
        if (status !== 0) throw new Error('expected every verdict to be that from the bytes; see above')
        return undefined
      },
    },
  ]
}

// Random damages of goldens and of an image of ours, ten times as many as CI tries: none may stay green.
import { checkBytes } from '../check-bytes/main.ts'
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
  ]
}

// What `npm test` judges when nothing is given: the variants as upstream's own imager made them.
import { join } from 'node:path'
import { ROOT } from './run.ts'

const GOLDEN = join(ROOT, 'fixtures/golden')

export const DEFAULT_LOCK = join(GOLDEN, 'lock-v1.11.5.json')

export const DEFAULT_CANDIDATES: readonly { readonly reference: string; readonly variant: string }[] = [
  { reference: `docker-archive:${join(GOLDEN, 'v1.11.5-spin-only/installer-arm64.tar')}`, variant: 'spin-only' },
  {
    reference: `docker-archive:${join(GOLDEN, 'v1.11.5-spin-tailscale/installer-arm64.tar')}`,
    variant: 'spin-tailscale',
  },
]

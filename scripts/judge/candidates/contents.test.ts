import { parseReference } from '#harness/oci/image/reference.ts'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Part } from '#specs/contract/tags.ts'
import type { Contents } from '../verdict/conformance.ts'
import { readContents } from './contents.ts'
import { openPart } from './part.ts'
import { ROOT } from '../../root.ts'

const GOLDEN = join(ROOT, 'fixtures/golden')

describe('readContents', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'contents-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const place = () => ({ cacheFolder: folder })
  const read = async (part: Part, reference: string): Promise<Contents | undefined> => {
    const opened = await openPart(part, parseReference(reference), place())
    try {
      return await readContents([opened])
    } finally {
      await opened.talos.close()
    }
  }

  it('lists extensions, services and sizes of an installer', async () => {
    const contents = await read('installer', `docker-archive:${GOLDEN}/v1.11.5-spin-tailscale/installer-arm64.tar`)
    expect(contents?.extensions?.map(({ name, services }) => [name, ...services].join(' '))).toEqual([
      'bnx2-bnx2x',
      'intel-ice-firmware',
      'qlogic-firmware',
      'drbd',
      'zfs zfs-service',
      'spin',
      'tailscale tailscale',
      'modules.dep',
    ])
    expect(contents?.extensions?.at(-2)).toMatchObject({ version: '1.88.1', size: 143_360 })
    expect(contents?.sizes).toEqual({ kernel: 10_752, baseInitramfs: 11_052, extensions: 158_870, other: 740_466 })
  })

  it('leaves out what cannot be read', async () => {
    await mkdir(join(folder, 'boot'))
    await writeFile(join(folder, 'boot/vmlinuz'), '')
    expect(await read('assets', `dir:${folder}`)).toEqual({
      sizes: { kernel: 0, other: 0 },
    })
  })

  it('shows the installer where there are both parts', async () => {
    const [installer, assets] = await Promise.all([
      openPart('installer', parseReference(`docker-archive:${GOLDEN}/v1.11.5-plain/installer-arm64.tar`), place()),
      openPart('assets', parseReference(`dir:${folder}`), place()),
    ])
    expect((await readContents([assets, installer]))?.sizes.kernel).toBeGreaterThan(0)
    await Promise.all([installer.talos.close(), assets.talos.close()])
  })

  it('has nothing to show of no part', async () => {
    expect(await readContents([])).toBeUndefined()
  })
})

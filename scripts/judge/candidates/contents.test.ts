import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readContents } from './contents.ts'
import { ROOT } from '../../root.ts'

const GOLDEN = join(ROOT, 'fixtures/golden')

describe('readContents', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'contents-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('tells extensions, services and sizes of an installer', async () => {
    const installer = `docker-archive:${GOLDEN}/v1.11.5-spin-tailscale/installer-arm64.tar`
    const contents = await readContents({ references: { installer } }, { cacheFolder: folder })
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
    const empty = join(folder, 'boot')
    await writeFile(empty, '')
    expect(await readContents({ references: { assets: `dir:${folder}` } }, { cacheFolder: folder })).toEqual({
      sizes: { other: 0 },
    })
  })

  it.each([
    ['no part', {}],
    ['a part that is no image', { installer: `docker-archive:${GOLDEN}/README.md` }],
  ])('tells nothing of %s', async (_, references) => {
    expect(await readContents({ references }, { cacheFolder: folder })).toBeUndefined()
  })
})

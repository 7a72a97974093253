// Media in an asset tree that the contract declares (extraAssets): each is judged as a medium, in a folder as in an image.
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readGolden, readSection } from '#fixtures/counterexamples/candidate.ts'
import { DEFAULT_GOLDEN } from '#fixtures/counterexamples/counterexample.ts'
import { MEDIA } from '#fixtures/counterexamples/index.ts'
import { writeImageLayout } from '#fixtures/simulator/upstream/layout.ts'
import { buildImage, makeLayer } from '#fixtures/simulator/upstream/parts/oci.ts'
import { file, withParents } from '#fixtures/simulator/upstream/parts/tree.ts'
import { Spool } from '#harness/bytes/spool.ts'
import type { SparseFile } from '#fixtures/media/sparse.ts'
import { parseContract } from '#specs/contract/contract.ts'
import { parseLock } from '#specs/contract/lock.ts'

import type { Conformance } from '../judge/verdict/conformance.ts'
import { ROOT } from '../root.ts'
import { judgeHere } from '../testing/run-command.ts'

const folder = await mkdtemp(join(tmpdir(), 'declared-media-'))
afterAll(() => rm(folder, { recursive: true }))
const LOCK = join(ROOT, 'fixtures/golden/lock-v1.11.5.json')
const [tree, contract, report] = [join(folder, 'tree'), join(folder, 'contract.yaml'), join(folder, 'report.json')]

async function put(path: string, data: Uint8Array): Promise<void> {
  await mkdir(dirname(join(tree, path)), { recursive: true })
  await writeFile(join(tree, path), data)
}

async function putMedium(path: string, name: string): Promise<void> {
  const example = MEDIA.find((one) => one.name === name)
  const image = await readGolden(DEFAULT_GOLDEN)
  const lock = parseLock(await readFile(LOCK), LOCK)
  const own = parseContract(await readFile(join(ROOT, 'specs/contract/contract.yaml')), 'contract.yaml')
  const [medium] = (await example?.make({ image, lock, contract: own })) ?? []
  if (medium === undefined) throw new Error(`expected a medium ${name}, got none`)
  await writeSparse(medium, join(tree, path))
}

async function writeSparse({ size, pieces }: SparseFile, path: string): Promise<void> {
  const handle = await open(path, 'w')
  for (const { offset, data } of pieces) await handle.write(data, 0, data.length, offset)
  await handle.truncate(size)
  await handle.close()
}

const judge = async (reference: string, ...args: readonly string[]): Promise<Conformance['candidates']> => {
  const given = [reference, '--contract', contract, '--lock', LOCK, '--variant', 'spin-tailscale']
  const { stderr } = await judgeHere([...given, '--only', 'MED', '--report', report, ...args])
  expect(stderr).not.toContain('internal error')
  return (JSON.parse(await readFile(report, 'utf8')) as Conformance).candidates
}
const failing = (one: Conformance['candidates'][number] | undefined) =>
  one?.rules.filter(({ status }) => status === 'fail').map(({ id }) => id)

describe('extraAssets', { timeout: 120_000 }, () => {
  it('has each declared medium opened and judged by the rules about media', async () => {
    const image = await readGolden(DEFAULT_GOLDEN)
    await put('boot/vmlinuz', await readSection(image, '.linux'))
    await put('boot/initramfs.xz', await readSection(image, '.initrd'))
    await putMedium('right.raw', 'disk-of-the-recipe')
    await putMedium('wrong.raw', 'disk-with-a-default-that-is-not-there')
    await writeFile(contract, 'extends: default\nextraAssets: [right.raw, wrong.raw, absent.iso, notes.txt]\n')
    const candidates = await judge(`dir:${tree}`)
    expect(candidates.map(({ reference, variant }) => [reference, variant])).toEqual([
      [`dir:${tree}`, 'spin-tailscale'],
      [`dir:${tree}!right.raw`, 'spin-tailscale'],
      [`dir:${tree}!wrong.raw`, 'spin-tailscale'],
    ])
    expect(candidates.map(failing)).toEqual([[], [], ['MED-007']])
    expect(await judge(`dir:${tree}`, '--target', 'assets')).toHaveLength(1)
  })
  it('opens them in an asset image too', async () => {
    const image = await readGolden(DEFAULT_GOLDEN)
    await putMedium('metal-arm64.iso', 'hybrid-iso-of-the-recipe')
    const spool = new Spool(join(folder, 'spool'))
    const files = withParents(
      Object.entries({
        'boot/vmlinuz': await readSection(image, '.linux'),
        'boot/initramfs.xz': await readSection(image, '.initrd'),
        'metal-arm64.iso': await readFile(join(tree, 'metal-arm64.iso')),
      }).map(([path, data]) => file(`assets/talos/arm64/${path}`, data)),
    )
    const layer = await makeLayer(files, { spool, mtime: 0, gzipLevel: 1 })
    const built = buildImage([layer], {
      architecture: 'arm64',
      created: '1970-01-01T00:00:00Z',
      config: {},
      history: [{ created: '1970-01-01T00:00:00Z' }],
    })
    const layout = join(folder, 'layout')
    await writeImageLayout(layout, built, 'v1.11.5-assets')
    await spool.close()
    await writeFile(contract, 'extends: default\nextraAssets: [metal-arm64.iso]\n')
    const [, medium] = await judge(`oci:${layout}:v1.11.5-assets`)
    expect(medium?.reference).toBe(`oci:${layout}:v1.11.5-assets!metal-arm64.iso`)
    expect(failing(medium)).toEqual([])
    expect(medium?.rules.find(({ id }) => id === 'MED-011')?.status).toBe('pass')
  })
})

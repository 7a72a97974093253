// crane export of an asset image that the recipe built: the tree, as people unpack it, and its checksums.
import { deepEqual, equal } from 'node:assert/strict'
import { mkdir, mkdtemp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assemble } from '#build/assemble.ts'
import { planVariant } from '#build/plan.ts'
import { pushLayout } from '#fixtures/simulator/registry/content/images.ts'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import { openBuildParts } from '#fixtures/simulator/upstream/build-parts.ts'
import { parseContract } from '#specs/contract/contract.ts'
import { CONTRACT_PATH } from '../judge/candidates/inputs.ts'
import { ROOT } from '../root.ts'
import type { Tools } from './fetch.ts'
import { run, type Check } from './tool.ts'

const VARIANT = 'spin-only'

export function craneAssetChecks(tools: Tools): readonly Check[] {
  return [{ name: 'crane, export of an asset image', run: () => exportAssets(tools) }]
}

async function exportAssets({ folder, crane }: Tools): Promise<undefined> {
  const cwd = await mkdtemp(join(folder, 'assets-'))
  const contract = parseContract(await readFile(join(ROOT, CONTRACT_PATH)), CONTRACT_PATH)
  const upstream = await openBuildParts('v1.11.5')
  const plan = planVariant({ lock: upstream.lock, contract, variant: VARIANT })
  const output = join(cwd, VARIANT)
  await assemble(plan, { upstream, output })
  await upstream.close()
  await using registry = await startRegistry()
  await pushLayout(registry, output, `you/talos-${VARIANT}`, plan.tags.assets, plan.tags.assets)

  await run(crane, ['export', `${registry.host}/you/talos-${VARIANT}:${plan.tags.assets}`, 'assets.tar'], { cwd })
  await mkdir(join(cwd, 'tree'))
  await run('tar', ['-xf', 'assets.tar', '-C', 'tree'], { cwd })
  const tree = join(cwd, 'tree', 'assets/talos/arm64')
  const files = (await run('find', ['.', '-type', 'f'], { cwd: tree })).trim().split('\n').toSorted()
  deepEqual(files, ['./boot/initramfs.xz', './boot/vmlinuz', './checksums.sha256', './validation/build-report.txt'])
  const said = await run('sha256sum', ['--strict', '-c', 'checksums.sha256'], { cwd: tree })
  equal(
    said
      .trim()
      .split('\n')
      .filter((line) => line.endsWith(': OK')).length,
    files.length - 1,
  )
  deepEqual(registry.crashes, [])
}

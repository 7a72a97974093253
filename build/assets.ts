// The asset tree: kernel and initramfs as files, a report about them, checksums of everything (the rules AST).
import { createHash } from 'node:crypto'
import { chunkMemory } from '#harness/bytes/source.ts'
import {
  ASSET_ROOT,
  buildTarget,
  CHECKSUMS,
  COMMAND_LINE,
  INITRAMFS,
  INVENTORY,
  KERNEL,
  REPORT,
  REPORT_TITLE,
  UKI_ASSET,
  type ReportField,
} from '#specs/contract/asset-tree.ts'
import { chunksOf, sizeOf, type Content } from './formats/content.ts'
import type { StreamedTarFile } from './formats/tar-layer.ts'
import { toTime } from './image.ts'
import type { Plan } from './plan.ts'

export type AssetParts = { readonly kernel: Content; readonly initramfs: Content; readonly uki: Content }
type AssetPlan = Pick<Plan, 'variant' | 'talos' | 'commit' | 'sourceDate' | 'commandLine' | 'extraAssets'>
type Asset = { readonly path: string; readonly data: Content; readonly sha256: string }

const FILE_MODE = 0o644
const FOLDER_MODE = 0o755

/** The tree as entries of a layer, folders first: files 0644, folders 0755, root's, of the lock's source date. */
export async function makeAssetFiles(plan: AssetPlan, parts: AssetParts): Promise<readonly StreamedTarFile[]> {
  const extras = new Map<string, Content>([
    [COMMAND_LINE, Buffer.from(plan.commandLine)],
    [UKI_ASSET, parts.uki],
  ])
  const declared = [...extras].filter(([path]) => plan.extraAssets.includes(path))
  const inventoried = await Promise.all(
    [[KERNEL, parts.kernel] as const, [INITRAMFS, parts.initramfs] as const, ...declared].map(toAsset),
  )
  const report = await toAsset([REPORT, Buffer.from(encodeReport(plan, inventoried.toSorted(byPath)))])
  const covered = [...inventoried, report].toSorted(byPath)
  const sums = covered.map(({ sha256, path }) => `${sha256}  ./${path}\n`).join('')
  const files = [...covered, { path: CHECKSUMS, data: Buffer.from(sums) }].toSorted(byPath)
  const owner = { uid: 0, gid: 0, mtime: plan.sourceDate }
  const folders = foldersOf(files.map(({ path }) => `${ASSET_ROOT}/${path}`))
  return [
    ...folders.map((name) => ({ name: `${name}/`, type: 'directory', mode: FOLDER_MODE, ...owner }) as const),
    ...files.map(
      ({ path, data }) => ({ name: `${ASSET_ROOT}/${path}`, type: 'file', mode: FILE_MODE, ...owner, data }) as const,
    ),
  ]
}

function encodeReport(plan: AssetPlan, assets: readonly Asset[]): string {
  const fields: Readonly<Record<ReportField, string>> = {
    'Build Target': buildTarget(plan.variant),
    'Build Outputs': assets.map(({ path }) => path).join(', '),
    'Total Assets': String(assets.length),
    'Talos Version': plan.talos,
    'CozyStack Commit': plan.commit ?? 'none',
    'Build Date': toTime(plan.sourceDate),
  }
  const inventory = assets.map(
    ({ path, data, sha256 }) => `${FILE_MODE.toString(8).padStart(4, '0')} ${sizeOf(data)} ${sha256} ./${path}`,
  )
  const lines = [
    REPORT_TITLE,
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
    INVENTORY,
    ...inventory,
  ]
  return `${lines.join('\n')}\n`
}

async function toAsset([path, data]: readonly [string, Content]): Promise<Asset> {
  const hash = createHash('sha256')
  for await (const chunk of chunksOf(data, chunkMemory({ size: sizeOf(data) }))) hash.update(chunk)
  return { path, data, sha256: hash.digest('hex') }
}

/** Every folder above the paths, each once, parents first. */
function foldersOf(paths: readonly string[]): readonly string[] {
  const folders = new Set<string>()
  for (const path of paths)
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
      folders.add(path.slice(0, slash))
  return [...folders].toSorted()
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : Number(a.path > b.path)
}

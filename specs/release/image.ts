// Faults of images of ours: of the type that their configuration gives the layers, and of an asset image.
import type { LayerContent } from '#harness/oci/image/layer.ts'
import type { ImageConfig } from '#harness/oci/image/schemas.ts'
import type { Contract } from '../contract/contract.ts'
import type { Lock } from '../contract/lock.ts'
import { configFindings } from '../installer/base.ts'
import { ownLabels } from '../installer/own-labels.ts'
import { artifactFindings } from '../oci/layers.ts'

const LAYERS = 'layers'
const WHITEOUT = /(?:^|\/)\.wh\.[^/]*$/

export function typeFindings({ rootfs }: ImageConfig): readonly string[] {
  return rootfs.type === LAYERS ? [] : [`rootfs.type: expected ${LAYERS}, got ${JSON.stringify(rootfs.type)}`]
}

export type AssetImage = {
  readonly document: ImageConfig
  readonly layers: readonly LayerContent[]
  readonly contract: Contract
  readonly lock: Lock | undefined
  readonly variant: string
}

/** Members of the configuration that are not declared; entries that are not where, and as, Go's writer puts them. */
export function assetFindings({ document, layers, contract, lock, variant }: AssetImage): readonly string[] {
  const labels = ownLabels({ contract, lock: { ...lock, schema: 2 }, variant })
  return [
    ...configFindings({ document, base: { config: {} }, labels, rootfsTypes: [LAYERS] }),
    ...(layers.length === 1 ? [] : [`expected one layer, got ${layers.length}`]),
    ...layers.flatMap((layer) => [...artifactFindings(layer), ...orderFindings(layer)]),
  ]
}

/** Folders, then files, each by name. */
function orderFindings({ entries }: LayerContent): readonly string[] {
  const names = (isFolder: boolean): readonly string[] =>
    entries.filter(({ type }) => (type === 'directory') === isFolder).map(({ rawName }) => rawName)
  const wanted = [...names(true).toSorted(), ...names(false).toSorted()]
  const at = entries.findIndex(({ rawName }, index) => rawName !== wanted[index])
  return [
    ...(at < 0 ? [] : [`${entries[at]?.rawName}: expected ${wanted[at]} in its place`]),
    ...entries.filter(({ path }) => WHITEOUT.test(path)).map(({ rawName }) => `${rawName}: hides what no layer has`),
  ]
}

// The asset tree: the names that the builder of one and the rules AST about one agree on.
import { INITRAMFS, KERNEL } from '#harness/talos/asset-paths.ts'

export { ASSET_ROOT, COMMAND_LINE, INITRAMFS, KERNEL } from '#harness/talos/asset-paths.ts'
export const CHECKSUMS = 'checksums.sha256'
export const REPORT = 'validation/build-report.txt'

/** The UKI of the installer, for machines that boot it from the net; where the contract declares it. */
export const UKI_ASSET = 'boot/metal-arm64-uki.efi'

/** The files of every tree; the contract may declare more. */
export const REQUIRED_FILES: readonly string[] = [KERNEL, INITRAMFS, CHECKSUMS, REPORT]

/** The form of a medium by the name that imager gives it, compressed or not: `metal-arm64.raw.xz`. */
export function mediumFormOf(path: string): 'iso' | 'raw' | undefined {
  const [, form] = /\.(iso|raw)(?:\.(?:xz|zst|gz))?$/.exec(path) ?? []
  return form === 'iso' || form === 'raw' ? form : undefined
}

/** First line of the report; then `Field: value` lines in this order, then INVENTORY and a line for each asset. */
export const REPORT_TITLE = 'Talos image build report'
export const REPORT_FIELDS = [
  'Build Target',
  'Build Outputs',
  'Total Assets',
  'Talos Version',
  'CozyStack Commit',
  'Build Date',
] as const
export type ReportField = (typeof REPORT_FIELDS)[number]
/** Followed by `<mode> <size> <sha256> ./<path>` for every file but the report and the checksums, sorted by path. */
export const INVENTORY = 'Asset Inventory:'

/** `Build Target` of every tree. */
const BUILD_TARGET = 'talos-linux-arm64'

/** `Build Outputs`: the inventory's paths, joined by `, `. `Build Date` is ISO 8601 in UTC to the second, with Z. */
export function isInventoried(path: string): boolean {
  return path !== REPORT && path !== CHECKSUMS
}

/** The variant in `Build Target`: `talos-linux-arm64 spin-only`. */
export function buildTarget(variant: string): string {
  return `${BUILD_TARGET} ${variant}`
}

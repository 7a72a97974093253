// What boots a node over the network for the first time: a script of iPXE, or a profile of matchbox
// (https://github.com/poseidon/matchbox/blob/v0.11.0/docs/matchbox.md#profiles), with the command line of the image.
import { basename } from 'node:path'
import { composeCommandLine } from '#build/command-line.ts'

import { quirksOf } from '#harness/talos/quirks.ts'
import { INITRAMFS, KERNEL } from '#specs/contract/asset-tree.ts'
import { overlayArguments, type Contract } from '#specs/contract/contract.ts'

export type NetworkBoot = {
  readonly form: 'ipxe' | 'matchbox'
  /** Where the asset tree (`assets/talos/arm64`) is served. */
  readonly assets: string
}

/** The document for the nodes of a variant, of the Talos of this tag. */
export function networkBoot({ form, assets }: NetworkBoot, variant: string, talos: string, contract: Contract): string {
  const at = (path: string): string => `${assets.replace(/\/+$/, '')}/${path}`
  const line = composeCommandLine({
    defaults: quirksOf(talos).metalArm64CommandLine,
    overlay: overlayArguments(contract),
    extra: contract.extraKernelArguments,
  })
  // An EFI kernel finds what was fetched by its name.
  const args = [`initrd=${basename(INITRAMFS)}`, ...line.split(' ')]
  if (form === 'ipxe') return `#!ipxe\nkernel ${at(KERNEL)} ${args.join(' ')}\ninitrd ${at(INITRAMFS)}\nboot\n`
  const boot = { kernel: at(KERNEL), initrd: [at(INITRAMFS)], args }
  return `${JSON.stringify({ id: variant, name: `Talos ${talos} ${variant} arm64`, boot }, null, 2)}\n`
}

// The command line of `npm run inspect`.
import { Command, Option } from 'commander'
import type { Architecture } from '#harness/oci/image/selection.ts'
import { addExamples, parseCommand } from '../cli/command-line.ts'
import {
  addLimit,
  addRegistryOptions,
  limitExamples,
  registryExamples,
  type RegistryOptions,
} from '../cli/registry-options.ts'

export type InspectOptions = RegistryOptions & {
  readonly reference: string
  /** The thing inside that is meant; undefined for all. */
  readonly path: string | undefined
  readonly size: boolean
  readonly json: boolean
  readonly architecture?: Architecture
}

const HELP = `
Without PATH, what is inside as a tree: layers, sections of the UKI, segments of the initramfs, extensions with versions,
services and modules. PATH is a file or folder of the image; what is inside a container follows a \`!\`, as in the messages of
verdicts: \`usr/install/arm64/vmlinuz.efi!.initrd!segment 1!extensions.yaml\`. The bytes of a file are written to standard output;
a folder is listed, and so is a container with a \`!\` behind it. Any Talos image is taken: installers, imager, published
extensions, assets and boot media, also for amd64. Nothing is judged, and no contract is needed.

Exit status: 0 shown, 2 the reference or PATH cannot be read, or something that is shown could not be.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseInspectOptions(args: readonly string[]): InspectOptions | undefined {
  const command = new Command('npm run inspect --')
    .description('Show what is inside a Talos image.')
    .argument('<REFERENCE>', 'an image, a folder, a UKI, a raw disk or an ISO, as npm test takes them')
    .argument('[PATH]', 'what is meant inside of it')
    .option('--size', 'show each size as a share of what is around it', false)
    .option('--json', 'print the tree as JSON', false)
    .addOption(
      new Option('--architecture <NAME>', 'which image of an index; no other is shown').choices(['arm64', 'amd64']),
    )
    .addHelpText('after', HELP)
  addExamples(addLimit(addRegistryOptions(command)), [
    'npm run inspect -- oci:out/spin-only --size',
    "npm run inspect -- oci:out/spin-only 'usr/install/arm64/vmlinuz.efi!.cmdline'",
    'npm run inspect -- ghcr.io/siderolabs/installer-base:v1.11.5 --architecture amd64 --json',
    ...registryExamples('npm run inspect -- ghcr.io/you/talos-spin-only:v1.11.5'),
    ...limitExamples('npm run inspect -- ghcr.io/you/talos-spin-only:v1.11.5'),
  ])
  if (!parseCommand(command, args)) return undefined
  const [reference = '', path] = command.args
  return { ...command.opts<Omit<InspectOptions, 'reference' | 'path'>>(), reference, path }
}

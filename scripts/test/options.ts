// The command line of `npm test`.
import { Command, InvalidArgumentError, Option } from 'commander'
import { addExamples, parseCommand, parseList } from '../cli/command-line.ts'
import {
  addJudgeInputs,
  judgeExamples,
  SCHEMATIC_OPTION,
  TALOS_OF_CONFIG,
  type JudgeInputs,
} from '../cli/judge-options.ts'
import {
  addLimit,
  addRegistryOptions,
  limitExamples,
  registryExamples,
  type RegistryOptions,
} from '../cli/registry-options.ts'
import { addVerdictOptions, type VerdictOptions } from '../cli/verdict-files.ts'
import { REPORT_PATH } from '../judge/verdict/report-file.ts'
import type { Shard } from '../judge/run/shard.ts'
import { parseVariant, variantsOf, type Variants } from './variants.ts'
import { TARGETS, type Target } from '#specs/support/requirement.ts'

export type ConformOptions = RegistryOptions &
  JudgeInputs &
  VerdictOptions & {
    readonly references: readonly string[]
    /** The variant of all candidates, and of those that are made where none is given. */
    readonly variant?: string
    /** The variant of each reference, in their order. */
    readonly variants: readonly (string | undefined)[]
    readonly assets?: string
    /** The machine configuration of a node, then patches over it. */
    readonly config?: readonly string[]
    readonly talos?: string
    /** The schematic that the image is made of. */
    readonly schematic?: string
    readonly targets?: readonly Target[]
    readonly only?: readonly string[]
    /** The share of the references to judge. */
    readonly shard?: Shard
    readonly structureOnly: boolean
    /** True if nothing is judged: contract and waivers are read, and what is wrong with them is said. */
    readonly contractOnly: boolean
    /** True to read the files of the images again, whatever earlier runs found in the same bytes. */
    readonly fromBytes: boolean
    readonly account: boolean
    readonly reproduce: boolean
    /** The upstream of --reproduce. */
    readonly upstream?: string
  }

function parseTargets(text: string): Target[] {
  const unknown = parseList(text).filter((target) => !TARGETS.some((known) => known === target))
  if (unknown.length > 0) throw new InvalidArgumentError(`expected some of ${TARGETS.join(', ')}.`)
  return parseList(text) as Target[]
}

/** `2/8` */
function parseShard(text: string): Shard {
  const [, index = '', of = ''] = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(text) ?? []
  const shard = { index: Number(index), of: Number(of) }
  if (index === '' || shard.index > shard.of) throw new InvalidArgumentError('expected I/N, such as 2/8: 1 to N of N.')
  return shard
}

const IMAGE = 'ghcr.io/you/talos-spin-only:v1.11.5'
const HELP = `
A REFERENCE is one of
  ghcr.io/you/talos-spin-only:v1.11.5   an image in a registry; by digest with @sha256:…
  docker-archive:installer-arm64.tar    what upstream's imager writes
  oci:out/spin-only[:tag]               an OCI image layout
  oci-archive:image.tar[:tag]           the same in a tar
  dir:assets/talos/arm64                an asset tree on disk, or a folder with kernel and initramfs
  uki:metal-arm64-uki.efi               a UKI in a file
  raw:metal-arm64.raw.zst               a raw disk, plain or compressed by xz or zstd
  iso:metal-arm64.iso                   an ISO, plain or compressed by xz or zstd
Without one, both variants are built on the spot from an embedded upstream, and judged; with --config and without one,
the machine configuration alone is. Given both variants, they are judged as a release too. FILEs of --config go on up to
the next option: name REFERENCEs before it.

Exit status: 0 conforms, 1 a must fails, 2 a must could not be judged, or the command line or a reference is wrong.
The whole verdict is in report/conformance.json.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseOptions(args: readonly string[]): ConformOptions | undefined {
  const command = new Command('npm test --')
    .description('Judge Talos images (arm64, CozyStack) by the contract, rule by rule.')
    .argument('[REFERENCE...]', 'candidates; see below')
    .option(
      '--variant <NAME>',
      'which variant the candidates must be, or one of them by REFERENCE=NAME; may be repeated (default: the label)',
      parseVariant,
    )
    .option('--assets <REFERENCE>', 'the asset image or folder (default: beside the installer, its tag with -assets)')
    .option('--config <FILE...>', 'judge a machine configuration beside the image, patches over it last')
    .option('--talos <VERSION>', TALOS_OF_CONFIG)
    .option('--schematic <FILE>', SCHEMATIC_OPTION)
    .addOption(new Option('--target <LIST>', `judge only these targets: ${TARGETS.join(', ')}`).argParser(parseTargets))
    .addOption(
      new Option('--only <LIST>', 'judge only these rules or areas, with what they need: KRN,EXT-002').argParser(
        parseList,
      ),
    )
    .option(
      '--shard <I/N>',
      'judge this share of the references, images of one release together; npm run report -- merge has the verdict on all',
      parseShard,
    )
    .option('--from-bytes', 'read the files of the images again, whatever earlier runs found in the same bytes', false)
    .option('--account', 'also say of every byte why it is what it is, as npm run account does', false)
    .option('--reproduce', 'also build each image once more and compare bit for bit, as npm run reproduce does', false)
    .option('--upstream <WHERE>', 'where the parts for --reproduce are (default: where the lock says)')
    .option('--structure-only', 'compare nothing with the pinned release; says so in the verdict', false)
    .option('--contract-only', 'judge nothing: only read the contract and the waivers, and say what is in them', false)
    .addHelpText('after', HELP)
  addVerdictOptions(addLimit(addRegistryOptions(addJudgeInputs(command))), REPORT_PATH)
  addExamples(command, [
    'npm test -- oci:out/spin-only oci:out/spin-tailscale',
    'npm test -- docker-archive:a.tar docker-archive:b.tar --variant docker-archive:a.tar=spin-only --variant docker-archive:b.tar=spin-tailscale',
    'npm test -- docker-archive:installer-arm64.tar --variant spin-only --target installer --structure-only',
    `npm test -- ${IMAGE} --assets dir:assets/talos/arm64 --config worker.yaml patch.yaml --talos v1.11.5`,
    `npm test -- ${IMAGE} --only KRN,EXT-002 --json --from-bytes`,
    `npm test -- ${IMAGE} --output junit=report/junit.xml --output html=report/page.html --report verdict.json`,
    'npm test -- factory.talos.dev/metal-installer/ID:v1.13.9 --variant spin-only --schematic schematic.yaml',
    'npm test -- --contract-only --contract my.yaml',
    'npm test -- oci:a/spin-only oci:a/spin-tailscale oci:b/spin-only oci:b/spin-tailscale --shard 1/2',
    'npm test -- oci:out/spin-only --account --reproduce --upstream embedded',
    ...judgeExamples(`npm test -- ${IMAGE}`),
    ...registryExamples(`npm test -- ${IMAGE}`),
    ...limitExamples(`npm test -- ${IMAGE}`),
  ])
  if (!parseCommand(command, args)) return undefined
  const { target, variant, ...options } = command.opts<
    Omit<ConformOptions, 'references' | 'targets' | 'variant' | 'variants'> & { target?: Target[]; variant?: Variants }
  >()
  const { args: references } = command
  return {
    ...options,
    ...(target !== undefined && { targets: target }),
    ...(variant?.all !== undefined && { variant: variant.all }),
    variants: variantsOf(references, variant ?? { byReference: new Map() }),
    references,
  }
}

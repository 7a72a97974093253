// The command line of `npm run lock`.
import { Command, Option } from 'commander'
import { addExamples, parseCommand, parseList, UsageError } from '../cli/command-line.ts'
import { contractOption } from '../cli/judge-options.ts'
import { EMBEDDED } from '../embedded-upstream/names.ts'
import { lockPlace } from '../judge/candidates/inputs.ts'
import {
  addLimit,
  addRegistryOptions,
  limitExamples,
  registryExamples,
  type RegistryOptions,
} from '../cli/registry-options.ts'
import { parsePart, type LockPart } from './parts.ts'

export type LockOptions = RegistryOptions & {
  readonly talos?: string
  readonly latest: boolean
  readonly upstream?: string
  readonly reference?: string
  readonly from?: string
  readonly contract?: string
  /** The path of the lock, read or written; `-` is standard output. */
  readonly lock: string
  readonly trustedRoot?: string
  readonly verify: boolean
  readonly acceptMoved: boolean
  readonly check: boolean
  /** Parts of the lock that alone are made anew. */
  readonly update?: readonly LockPart[]
  /** Extensions that keep the pin of the lock that is there. */
  readonly hold?: readonly string[]
}

const HELP = `
Read are, each by digest and for linux/arm64: the catalogue extensions:TAG, installer-base:TAG, imager:TAG, installer:TAG
where upstream publishes it, and every extension of the contract by the digest that the catalogue has; one with talos in the
contract by that of the older release, one with an image from there, and with kernel.image kernel and base initramfs from
that imager. Their signatures are held against contract.upstream.signers, or the signer that the contract names:
  absent              said, and the lock names no signer of the image
  invalid             an error
  not determined      an error: --no-verify reads on, and the lock names no signer at all
The lock holds what was read and nothing else, sorted; it is written whole or not at all, and what was not there is said.
It names images as upstream does, also where a mirror is read: npm run build -- --upstream takes the same mirror.

Tags that do not name the Talos release (spin:v0.21.0) are pushed again with every release of the extensions: that one is
another image by now is noted, and the digest of the catalogue kept. Of one that names it (drbd:9.2.14-v1.11.5) that is an
error, unless --accept-moved. --check only notes them.

FOLDER, for --from, holds what upstream publishes for one release; signatures, imager and catalogue are not in it:
  installer-base/        OCI layout of ghcr.io/siderolabs/installer-base:<tag>
  extensions/<name>/     OCI layout of each extension image
  vmlinuz  initramfs.xz  systemd-stub.efi  systemd-boot.efi      from imager:/usr/install/arm64

--update extensions=drbd reads the release of the lock anew and takes over that extension, with the catalogue that lists it;
overlays=NAME, catalogue, installerBase, imager, kernel (that of kernel.image, or with imager upstream's), installer and
reference likewise, each with what is read from its image. Everything else stays as it is. --hold spin, with another release, keeps spin as the lock has it: its digest must be signed
still, admit the release, and bring no module for another kernel.

Exit status: 0 written, or the same for --check; 1 upstream is not as it must be; 2 the command line, the registry, the
trust root, the disk; 3 drift: upstream is not what the lock says. Unless it is 0, nothing is written.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseOptions(args: readonly string[]): LockOptions | undefined {
  const command = new Command('npm run lock --')
    .description('Write the lock of one Talos release: the facts of upstream that images are built and judged by.')
    .option('--talos <TAG>', 'the release, such as v1.11.5 (with --check: that of the lock)')
    .option('--latest', 'the newest stable release that the contract is written for', false)
    .option(
      '--upstream <NAMESPACE>',
      'where upstream is read, registry and namespace, or `embedded` for the small upstream of the tests (default: as the contract says)',
    )
    .option('--reference <IMAGE>', 'also pin the image that ours are compared with (REL-005) and its extensions')
    .option('--from <FOLDER>', 'read upstream’s parts on disk instead; see below')
    .addOption(contractOption())
    .option('--lock <FILE>', 'the lock, - for standard output (default: yours, or the one that is shipped)')
    .option('--output <FILE>', 'the same as --lock')
    .option('--check', 'write nothing: compare the lock with upstream', false)
    .addOption(
      new Option(
        '--update <PART>',
        'only this part of the lock anew: extensions=drbd, overlays=rpi_generic, kernel, imager, …; may be repeated',
      ).argParser(parsePart),
    )
    .addOption(
      new Option('--hold <LIST>', 'keep these extensions as the lock has them, if they are signed and fit').argParser(
        parseList,
      ),
    )
    .option('--trusted-root <FILE>', 'authorities and logs for signatures (default: those of sigstore.dev)')
    .option('--no-verify', 'verify no signatures')
    .option('--accept-moved', 'keep the digest of the catalogue where a tag of an extension is another image', false)
  addExamples(addLimit(addRegistryOptions(command)).addHelpText('after', HELP), [
    'npm run lock -- --talos v1.11.5 --contract my.yaml --lock my.lock.json',
    'npm run lock -- --latest --output - --upstream mirror.example.net/siderolabs',
    'npm run lock -- --talos v1.11.5 --reference ghcr.io/cozystack/cozystack/talos:v1.11.5',
    'npm run lock -- --talos v1.11.5 --upstream embedded',
    'npm run lock -- --talos v1.11.5 --from parts/',
    'npm run lock -- --check --trusted-root trusted_root.json',
    'npm run lock -- --update extensions=drbd --accept-moved',
    'npm run lock -- --update kernel --update overlays=rpi_generic --contract my.yaml --lock my.lock.json',
    'npm run lock -- --talos v1.11.6 --hold spin',
    'npm run lock -- --talos v1.11.5 --no-verify',
    ...registryExamples('npm run lock -- --talos v1.11.5'),
    ...limitExamples('npm run lock -- --talos v1.11.5'),
  ])
  if (!parseCommand(command, args)) return undefined
  const { output, lock, ...options } = command.opts<Omit<LockOptions, 'lock'> & { lock?: string; output?: string }>()
  if (output !== undefined && lock !== undefined) throw new UsageError('--lock and --output are one: give one of them')
  const parsed = { ...options, lock: lock ?? output ?? lockPlace() }
  checkTogether(parsed)
  return parsed
}

/** UsageError for options that do not go together. */
function checkTogether(options: LockOptions): void {
  const { talos, latest, check, from, lock, offline, reference, upstream, update, hold } = options
  const refuse = (message: string): never => {
    throw new UsageError(message)
  }
  if (talos !== undefined && latest) refuse('--talos names a release and --latest finds one: give one of them')
  if (latest && offline === true) refuse('--latest asks a registry, --offline none: name the release with --talos')
  if (upstream === EMBEDDED && (offline === true || reference !== undefined))
    refuse('--upstream embedded makes what it reads, and the reference with it: without --offline and --reference')
  if (check && lock === '-') refuse('--check compares with a file: there is none on standard output')
  if (from !== undefined && (latest || upstream !== undefined || reference !== undefined))
    refuse('--from reads a folder: --latest, --upstream and --reference read registries')
  if ((update !== undefined || hold !== undefined) && (check || from !== undefined || lock === '-'))
    refuse('--update and --hold change a lock that is there, by what a registry says: without --check, --from and -')
  if (update !== undefined && (latest || talos !== undefined || hold !== undefined))
    refuse('--update stays on the release of the lock: without --talos, --latest and --hold')
  if (from === undefined && talos === undefined && !latest && !check && update === undefined)
    refuse('which release? --talos vX.Y.Z names one, --latest takes the newest (npm run lock -- --help says more)')
  if (talos !== undefined && !/^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(talos))
    refuse(`--talos expects a tag of Talos such as v1.11.5, got ${talos}`)
}

// The command line of `npm run boot`.
import { Command, InvalidArgumentError } from 'commander'
import { addExamples, parseCommand, parseCount, UsageError } from '../cli/command-line.ts'
import { contractOption, waiversOption } from '../cli/judge-options.ts'
import {
  addLimit,
  addRegistryOptions,
  limitExamples,
  registryExamples,
  type RegistryOptions,
} from '../cli/registry-options.ts'
import { addVerdictOptions, type VerdictOptions } from '../cli/verdict-files.ts'

export type BootOptions = RegistryOptions &
  VerdictOptions & {
    readonly reference: string
    readonly log?: string
    /** Seconds that the guest may take to come to /sbin/init. */
    readonly timeout: number
    /** Seconds that it is watched after that. */
    readonly settle: number
    readonly direct: boolean
    readonly firmware?: string
    readonly qemu: string
    /** MiB. */
    readonly memory: number
    readonly contract?: string
    readonly waivers?: string
  }

/** The report beside that of `npm test`, which is about what images hold. */
export const BOOT_REPORT = 'report/boot.json'

const HELP = `
Starts the image in QEMU, as a machine \`virt\` without network and without a disk, and reads its serial console: init must enable
the layers that the image lists, enter the root filesystem, execute /sbin/init and say nothing of a failure for some seconds after
that (BOOT-001, BOOT-002); then the guest is ended. Where there is EFI firmware for arm64 the UKI is started by it; else, and with
--direct, kernel, initramfs and command line are taken out and started by themselves. Nothing is emulated on an arm64 machine with
KVM; elsewhere a start takes minutes. --log judges the console of a start that was saved, also of real hardware; QEMU is not needed.

The console is written beside the report (report/boot.console.txt). Of Debian and Ubuntu the packages are qemu-system-arm and
qemu-efi-aarch64.

Exit status: 0 the image starts, 1 it does not, 2 it could not be said: QEMU is missing, the console is cut off, the reference is wrong.`

/** A day: no guest takes longer, and no timer of Node is right for more than 24 of them. */
const MAX_SECONDS = 86_400

/** `240`, `240s` or `4m` in seconds. */
function parseDuration(text: string): number {
  const [, number, unit] = /^(\d{1,5})(s|m)?$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('expected seconds or minutes, such as 240s or 4m.')
  const seconds = Number(number) * (unit === 'm' ? 60 : 1)
  if (seconds > MAX_SECONDS) throw new InvalidArgumentError('expected a day at most.')
  return seconds
}

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseBootOptions(args: readonly string[]): BootOptions | undefined {
  const command = new Command('npm run boot --')
    .description('Start an image in a virtual machine, and judge by its console whether it boots.')
    .argument(
      '<REFERENCE>',
      'an image, an asset tree, a folder with boot files, a UKI, an ISO or a raw disk, as npm test takes them',
    )
    .option('--timeout <TIME>', 'how long it may take to /sbin/init, 240s or 4m', parseDuration, 240)
    .option('--settle <TIME>', 'how long it is watched after that', parseDuration, 5)
    .option('--log <FILE>', 'judge this console in place of starting anything')
    .option('--direct', 'start kernel, initramfs and command line without firmware', false)
    .option('--firmware <FILE>', 'the EFI firmware for arm64 (default: where distributions put it)')
    .option('--qemu <FILE>', 'the program that emulates', 'qemu-system-aarch64')
    .option('--memory <MIB>', 'memory of the machine', parseCount, 2048)
    .addOption(contractOption())
    .addOption(waiversOption())
    .addHelpText('after', HELP)
  addVerdictOptions(addLimit(addRegistryOptions(command)), BOOT_REPORT)
  addExamples(command, [
    'npm run boot -- oci:out/spin-only',
    'npm run boot -- ./installer-arm64.tar --timeout 10m --settle 30 --memory 4096',
    'npm run boot -- uki:metal-arm64-uki.efi --firmware QEMU_EFI.fd --qemu ./qemu-system-aarch64',
    'npm run boot -- dir:pxe --direct',
    'npm run boot -- oci:out/spin-only --log serial.txt',
    'npm run boot -- oci:out/spin-only --contract my.yaml --waivers my-waivers.yaml',
    'npm run boot -- oci:out/spin-only --json --report verdict.json',
    'npm run boot -- oci:out/spin-only --output junit=boot.xml',
    ...registryExamples('npm run boot -- ghcr.io/you/talos-spin-only:v1.11.5'),
    ...limitExamples('npm run boot -- ghcr.io/you/talos-spin-only:v1.11.5'),
  ])
  if (!parseCommand(command, args)) return undefined
  const [reference = ''] = command.args
  const options = { ...command.opts<Omit<BootOptions, 'reference'>>(), reference }
  check(options)
  return options
}

/** The least that Talos says it needs is 2 GiB; a guest of less than this does not unpack its initramfs. */
const MIN_MEMORY = 256
const MAX_MEMORY = 1 << 20

function check({ direct, firmware, log, timeout, memory }: BootOptions): void {
  if (direct && firmware !== undefined) throw new UsageError('--direct starts without firmware: leave out --firmware')
  if (log !== undefined && (direct || firmware !== undefined))
    throw new UsageError('--log starts nothing: leave out --direct and --firmware')
  if (timeout < 1) throw new UsageError('expected a --timeout of one second or more')
  if (memory < MIN_MEMORY || memory > MAX_MEMORY)
    throw new UsageError(`expected a --memory from ${MIN_MEMORY} to ${MAX_MEMORY} MiB, got ${memory}`)
}

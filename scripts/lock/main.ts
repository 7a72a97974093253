// Derives a lock and writes it whole or not at all.
import { rename, writeFile } from 'node:fs/promises'
import { Command, CommanderError } from 'commander'
import { formatLocation, HarnessError } from '#harness/errors.ts'
import { makeLock } from '#fixtures/golden/make-lock.ts'
import { formatLock } from '#specs/contract/lock.ts'

type Options = { readonly from?: string; readonly talos?: string; readonly output?: string }

const HELP = `
FOLDER holds what upstream publishes for one Talos release:
  installer-base/        OCI layout of ghcr.io/siderolabs/installer-base:<tag>
  extensions/<name>/     OCI layout of each extension image
  vmlinuz  initramfs.xz  systemd-stub.efi  systemd-boot.efi      from imager:/usr/install/arm64
A fact that the parts do not say is left out of the lock, never guessed.`

/** Gives the exit status: 0 written, 2 what was typed or read is wrong. */
export async function lock(args: readonly string[]): Promise<number> {
  const command = new Command('npm run lock --')
    .description('Derive the lock of one Talos release from upstream’s parts on disk.')
    .option('--from <FOLDER>', 'the parts; reading them straight from the registry is not built in yet')
    .option('--talos <TAG>', 'the release that the parts must be of')
    .option('--output <FILE>', 'where to write (default: standard output)')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  try {
    command.parse([...args], { from: 'user' })
    return await derive(command.opts<Options>())
  } catch (error) {
    if (error instanceof CommanderError && error.code === 'commander.helpDisplayed') return 0
    if (!(error instanceof CommanderError || error instanceof HarnessError || isSystemError(error))) throw error
    const where = error instanceof HarnessError ? formatLocation(error.at) : ''
    return refuse(`${error.message.replace(/^error: /, '')}${where === '' ? '' : ` (${where})`}`)
  }
}

async function derive({ from, talos, output }: Options): Promise<number> {
  if (from === undefined)
    return refuse(
      `reading ${talos ?? 'a release'} from upstream’s registry is not built in yet: ` +
        'give its parts with --from FOLDER (npm run lock -- --help says which)',
    )
  const derived = await makeLock(from)
  if (talos !== undefined && derived.talos !== talos)
    return refuse(
      `${from}: expected parts of Talos ${talos}, got ${derived.talos ?? 'parts that do not say their version'}`,
    )
  const text = formatLock(derived)
  if (output === undefined) {
    process.stdout.write(text)
    return 0
  }
  await writeFile(`${output}.${process.pid}`, text)
  await rename(`${output}.${process.pid}`, output)
  return 0
}

function refuse(sentence: string): 2 {
  process.stderr.write(`error: ${sentence}\n`)
  return 2
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string'
}

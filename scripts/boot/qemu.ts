// QEMU for arm64: the program, the firmware, and the arguments of a machine that has nothing but memory and a serial port.
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { UsageError } from '../cli/command-line.ts'

/** EFI firmware of QEMU's virt for arm64: Debian and Ubuntu (qemu-efi-aarch64), Fedora and Arch (edk2), Homebrew (qemu). */
const FIRMWARE = [
  '/usr/share/qemu-efi-aarch64/QEMU_EFI.fd',
  '/usr/share/AAVMF/AAVMF_CODE.fd',
  '/usr/share/edk2/aarch64/QEMU_EFI.fd',
  '/usr/share/edk2/aarch64/QEMU_CODE.fd',
  '/opt/homebrew/share/qemu/edk2-aarch64-code.fd',
]
const KVM = '/dev/kvm'

/** Files that are started: a UKI by firmware, or what a boot loader would take out of it. */
export type Start =
  | { readonly by: 'firmware'; readonly firmware: string; readonly uki: string }
  | { readonly by: 'kernel'; readonly kernel: string; readonly initramfs: string; readonly commandLine: string }

/** The path of the program. UsageError, which names the package, where there is none. */
export async function findQemu(given: string, path: string = process.env['PATH'] ?? ''): Promise<string> {
  const places = given.includes('/') ? [given] : path.split(delimiter).map((folder) => join(folder, given))
  for (const place of places) if (await isUsable(place, constants.X_OK)) return place
  if (given.includes('/'))
    throw new UsageError(`${given} cannot be run: expected the path of a program that is QEMU for arm64`)
  throw new UsageError(
    `${given} is not installed: install the package qemu-system-arm (Debian, Ubuntu; elsewhere qemu-system-aarch64 or qemu), or judge a saved console with --log FILE`,
  )
}

/**
 * The firmware that is given, or the first that is installed; undefined where there is none. UsageError for one that
 * cannot be read.
 */
export async function findFirmware(given: string | undefined): Promise<string | undefined> {
  for (const place of given === undefined ? FIRMWARE : [given]) if (await isUsable(place, constants.R_OK)) return place
  if (given !== undefined) throw new UsageError(`the firmware ${given} cannot be read`)
  return undefined
}

/** True where the machine runs the guest's instructions itself. */
export async function hasKvm(): Promise<boolean> {
  if (process.platform !== 'linux' || process.arch !== 'arm64') return false
  return isUsable(KVM, constants.R_OK | constants.W_OK)
}

export function qemuArguments(start: Start, { memory, kvm }: { readonly memory: number; readonly kvm: boolean }) {
  const starting =
    start.by === 'firmware'
      ? ['-bios', start.firmware, '-kernel', start.uki]
      : ['-kernel', start.kernel, '-initrd', start.initramfs, '-append', start.commandLine]
  // Pointer authentication by QEMU's own cipher, which is the quicker one.
  const processor = kvm ? '-accel kvm -cpu host' : '-accel tcg -cpu max,pauth-impdef=on'
  const machine = `-machine virt ${processor} -m ${memory}M -no-user-config -nodefaults -nic none -no-reboot`
  return [...`${machine} -display none -monitor none -serial stdio`.split(' '), ...starting]
}

/** True for a file, or a device, that may be used so: a folder may be "executed", too. */
async function isUsable(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode)
    return !(await stat(path)).isDirectory()
  } catch {
    return false
  }
}

// What a console does not show for want of an argument of the kernel.
import type { ConsoleBoot } from '#harness/talos/boot/console.ts'
import type { ObservedBoot } from '../support/boot/rule.ts'

/** QEMU's `virt` has a PL011 as its only serial port. */
export const SERIAL = 'console=ttyAMA0'
/** Without it the kernel drops most of what init says at once: K kernel/printk/printk.c, devkmsg_write. */
const ALL_LINES = 'printk.devkmsg=on'

/** The reason that init may have said more than is seen; undefined where there is none, and for an unknown command line. */
export function unheard(boot: ConsoleBoot | undefined, { commandLine, end }: ObservedBoot): string | undefined {
  if (commandLine === undefined) return undefined
  // A console of another machine may be another port.
  if (boot === undefined && end.kind !== 'saved' && !hasArgument(commandLine, SERIAL))
    return `the command line of the image has no ${SERIAL}: nothing says what it does`
  if (boot !== undefined && !hasArgument(commandLine, ALL_LINES))
    return `the command line of the image has no ${ALL_LINES}: the kernel drops lines of init`
  return undefined
}

export function hasArgument(commandLine: string, argument: string): boolean {
  return ` ${commandLine} `.includes(` ${argument} `)
}

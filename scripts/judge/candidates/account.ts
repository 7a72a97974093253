// The account of a candidate, as text: why each byte of its installer image is what it is.
import { HarnessError } from '#harness/errors.ts'
import { renderReference } from '#harness/oci/image/reference.ts'
import { accountOf } from '../account/image.ts'
import { renderAccount } from '../account/render.ts'
import type { OpenedPart } from './part.ts'

/** Says so where there is no installer image, or where it cannot be read: the rules say what is wrong with it. */
export async function accountText(parts: readonly OpenedPart[]): Promise<string> {
  const installer = parts.find(({ part }) => part === 'installer')
  if (installer === undefined) return 'no account: there is no installer image\n'
  const name = renderReference(installer.reference)
  try {
    return renderAccount(name, await accountOf(installer.talos))
  } catch (error) {
    if (error instanceof HarnessError) return `${name}: no account: ${error.message}\n`
    throw error
  }
}

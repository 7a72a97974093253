// What is wrong with the signatures of modules.
import type { X509Certificate } from 'node:crypto'
import { HarnessError } from '#harness/errors.ts'
import type { KernelModule } from '#harness/formats/module.ts'
import { verifyModuleSignature } from '#harness/formats/module-signature.ts'
import { parsePkcs7 } from '#harness/formats/pkcs7.ts'
import { BASE, type InstalledModule } from '#harness/talos/modules.ts'

/**
 * `path: reason` of every module whose signature does not hold. With certificates from the kernel each is verified;
 * without any, what can be said is whether all are signed by the key id of the base modules.
 */
export async function signatureFindings(
  modules: readonly InstalledModule[],
  certificates: readonly X509Certificate[],
): Promise<readonly string[]> {
  const keys = new Set<string>()
  for (const { owner, read } of modules) if (owner === BASE) keys.add(await keyOf(read, certificates))
  const findings: string[] = []
  for (const { path, read } of modules) {
    const key = await keyOf(read, certificates)
    if (key.startsWith(UNSIGNED)) findings.push(`${path}: ${key.slice(UNSIGNED.length)}`)
    else if (!keys.has(key)) findings.push(`${path}: expected a key of the base modules, got ${key}`)
  }
  return findings
}

/** Starts the reason where a key id would stand. */
const UNSIGNED = 'unsigned '

async function keyOf(read: () => Promise<KernelModule>, certificates: readonly X509Certificate[]): Promise<string> {
  const module = await read()
  if (module.trailers !== 1) return `${UNSIGNED}expected one signature, got ${module.trailers}`
  try {
    if (certificates.length > 0) return (await verifyModuleSignature(module, certificates)).keyId
    const { bytes = new Uint8Array(0), offset = 0 } = module.signature ?? {}
    return parsePkcs7(bytes, module.where, offset).signers[0]?.keyId ?? `${UNSIGNED}expected a signer, got none`
  } catch (error) {
    if (error instanceof HarnessError) return `${UNSIGNED}${error.message}`
    throw error
  }
}

// Certificates and keys in PEM: siderolabs/talos pkg/machinery/config/types/meta/certificate_key.go, since 1.14. A
// placeholder is not judged: something else takes its place before Talos reads it.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Fail } from './check.ts'
import type { View } from './view.ts'

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n((?:[^\n]*:[^\n]*\r?\n)*\s*[A-Za-z0-9+/=\s]*?)-----END \1-----/g
const PLACEHOLDER = /placeholder|redacted|^\$\{|\{\{|^ENC\[|^\*+$|^ref\+|^vault:|^op:/i

export function isPlaceholder(text: string): boolean {
  if (PLACEHOLDER.test(text)) return true
  const decoded = Buffer.from(text.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64').toString('latin1')
  return /placeholder|redacted/i.test(decoded)
}

function blocksOf(text: string): readonly { readonly type: string; readonly pem: string }[] {
  return [...text.matchAll(BLOCK)].map((match) => ({ type: match[1] ?? '', pem: match[0] }))
}

/** True if a pool of certificates takes anything of the text. */
export function hasCertificate(text: string): boolean {
  return isPlaceholder(text) || blocksOf(text).some(({ type, pem }) => type === 'CERTIFICATE' && isCertificate(pem))
}

/** Certificates and nothing else. */
export function checkCertificates(view: View, fail: Fail): void {
  if (isPlaceholder(view.text)) return
  const blocks = blocksOf(view.text)
  const other = blocks.find(({ type }) => type !== 'CERTIFICATE')
  if (blocks.length === 0) fail(view, 'holds nothing in PEM', { expected: 'a certificate' })
  else if (other !== undefined)
    fail(view, 'holds something else than certificates', { expected: 'CERTIFICATE', got: other.type })
}

/** `cert` and `key`; `load` says whether they must parse. */
export function checkCertificateAndKey(pair: View, fail: Fail, load: boolean): void {
  if (!pair.isSet) return
  const [cert, key] = [pair.get('cert'), pair.get('key')]
  if (!cert.isText) fail(cert, 'is required')
  if (!key.isText) fail(key, 'is required')
  if (!cert.isText || !key.isText) return
  checkCertificates(cert, fail)
  if (!isPlaceholder(key.text) && blocksOf(key.text).length === 0)
    fail(key, 'holds nothing in PEM', { expected: 'a private key' })
  const [first] = blocksOf(cert.text)
  if (load && first?.type === 'CERTIFICATE' && !isPlaceholder(cert.text) && !isCertificate(first.pem))
    fail(cert, 'is no certificate')
  if (load && blocksOf(key.text).length > 0) checkKey(key, fail)
}

/** A private key that the module's crypto package parses. */
export function checkKey(view: View, fail: Fail): void {
  if (isPlaceholder(view.text)) return
  const [first] = blocksOf(view.text)
  if (first === undefined) {
    fail(view, 'holds no private key in PEM')
    return
  }
  try {
    createPrivateKey(first.pem.replace(/ED25519 PRIVATE KEY/g, 'PRIVATE KEY'))
  } catch {
    fail(view, 'is no private key', { got: first.type })
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).serialNumber !== ''
  } catch {
    return false
  }
}

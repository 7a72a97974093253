// Names of fields, variables and flags whose values are secrets, and placeholders for them.

/** Words that end the name of a secret. */
const SECRET =
  /^(?:password|passwd|passphrase|token|identitytoken|secret|psk|authkey|apikey|accesskey|secretkey|privatekey|credentials?)$/
/** These only behind another word: PWD is the working directory, PASS may be a switch. */
const SECRET_BEHIND = /^(?:pass|pwd)$/
const SECRET_KEY = /^(?:auth|api|access|secret|private|preshared|shared|encryption|signing)_key$/
/** Names of Secrets of Kubernetes, which are no secrets: TS_KUBE_SECRET, existingSecret, imagePullSecret. */
const NAME_OF_SECRET = /(?:^|_)(?:kube|existing|pull|tls)_secret$/
/** Variables with secrets inside: the registry credentials of GitLab's and others' runners. */
const OTHER = new Set(['DOCKER_AUTH_CONFIG'])

/**
 * A value that is filled in by something else, or not at all: a variable, a template, an encrypted or looked-up value,
 * a file.
 */
const REFERENCE =
  /^\$[A-Z_][A-Z0-9_]*$|^\$\(|\$\{[^}]{0,200}\}|\{\{|^<[^>]*>$|^(?:ENC\[|ref\+|op:\/\/|vault:|file:|\$ANSIBLE_VAULT;|-----BEGIN AGE ENCRYPTED FILE-----)|^\**$/i
/** The default of a shell variable: `${X:-hunter2}`. */
const DEFAULT = /\$\{[A-Za-z_][A-Za-z0-9_]*:?[-=]([^}]{1,200})\}/
const PATH = /^\/[\w.-]+(?:\/[\w.-]+)+$/
const SWITCH = /^(?:true|false|yes|no|on|off|null|none|~)$/i

/** `TS_AUTHKEY`, `registry.password`, `clientSecret`, `--client-secret`; not `tokenFile`, not `TS_KUBE_SECRET`. */
export function isSecretName(name: string): boolean {
  if (OTHER.has(name)) return true
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[_.-]+/)
  const last = words.at(-1) ?? ''
  const two = words.slice(-2).join('_')
  if (NAME_OF_SECRET.test(two)) return false
  return SECRET.test(last) || SECRET_KEY.test(two) || (words.length > 1 && SECRET_BEHIND.test(last))
}

/** True if the value represents a secret that is elsewhere, or none. */
export function isReference(value: string): boolean {
  const text = value.trim()
  const literal = DEFAULT.exec(text)?.[1]
  if (literal !== undefined) return literal.startsWith('$') || isReference(literal)
  return REFERENCE.test(text) || PATH.test(text) || SWITCH.test(text)
}

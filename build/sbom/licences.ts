// Licence expressions of SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/), as far as carrying
// them into another document needs: their own licences are renamed there. Names of the list of SPDX are taken as they are.
/** Real ones have some dozens of names; parentheses within one another have a few levels. */
const MAX_TOKENS = 1000
const MAX_DEPTH = 50
const TOKENS = /\(|\)|[^\s()]+/g
const NAME = /^[A-Za-z0-9.-]+\+?$/
const OWN = /^LicenseRef-[A-Za-z0-9.-]+$/

/** True for the id of a licence that only its own document explains. */
export function isOwnLicence(id: string): boolean {
  return OWN.test(id)
}

/** The ids of an expression that only its own document explains, each once; undefined for what is no expression. */
export function ownLicences(expression: string): readonly string[] | undefined {
  const tokens = expression.match(TOKENS) ?? []
  if (tokens.length > MAX_TOKENS || !isExpression(tokens)) return undefined
  return [...new Set(tokens.filter((token) => isOwnLicence(token)))]
}

/** The expression with another name for each licence of its own. */
export function renameLicences(expression: string, rename: (id: string) => string): string {
  return expression.replaceAll(TOKENS, (token) => (isOwnLicence(token) ? rename(token) : token))
}

/** Names and AND, OR or WITH by turns, with parentheses around either. */
function isExpression(tokens: readonly string[]): boolean {
  let depth = 0
  let wantsName = true
  let before: string | undefined
  for (const token of tokens) {
    if (token === '(' ? !wantsName || before === 'WITH' : token === ')' && (wantsName || depth === 0)) return false
    if (token === '(') depth += 1
    else if (token === ')') depth -= 1
    else if (wantsName ? isOperator(token) || !NAME.test(token) : !isOperator(token)) return false
    else wantsName = !wantsName
    if (depth > MAX_DEPTH || (token === 'WITH' && before === ')')) return false
    before = token
  }
  return !wantsName && depth === 0
}

function isOperator(token: string): boolean {
  return ['AND', 'OR', 'WITH'].includes(token)
}

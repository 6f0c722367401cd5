import { URL } from 'node:url'
import eslint from '@eslint/js'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  {
    ignores: ['dist/**', 'node_modules/**', 'test/.output/**', 'demo/.output/**', 'demo/examples/**', 'fixtures/*/**'],
  },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: new URL('..', import.meta.url).pathname },
    },
    rules: {
      // Numbers, and bytes as text, are what error messages are made of.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allow: ['bigint'] }],
      // Objects here are made of closures, and what is taken from the platform is applied to its owner.
      '@typescript-eslint/unbound-method': 'off',
      // Contradicts no-non-null-assertion; an assertion to a type at least says which.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // The public types are open on purpose where the format is.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
    },
  },
  // A fifth parameter is a position that callers must remember: more are an object with names.
  { files: ['src/**/*.ts'], rules: { 'max-params': ['error', 4] } },
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
)

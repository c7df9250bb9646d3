import tseslint from 'typescript-eslint';

const rules = {
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/explicit-module-boundary-types': 'error',
  '@typescript-eslint/no-unused-vars': [
    'error',
    { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
  ],
  '@typescript-eslint/switch-exhaustiveness-check': 'error',
  eqeqeq: 'error',
  'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true } }],
  // Numbers in messages are wanted, and read well.
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  // An async function promises to throw nothing at once, await or not.
  '@typescript-eslint/require-await': 'off',
  // Brackets say that a key is not a declared field.
  '@typescript-eslint/dot-notation': 'off',
  // Sees nothing of what other calls change while one waits.
  '@typescript-eslint/no-unnecessary-condition': 'off',
  '@typescript-eslint/prefer-optional-chain': 'off',
  '@typescript-eslint/consistent-indexed-object-style': 'off',
  '@typescript-eslint/no-unsafe-enum-assignment': 'off',
  // Code points are what is counted here.
  '@typescript-eslint/no-misused-spread': 'off',
  '@typescript-eslint/no-invalid-void-type': ['error', { allowAsThisParameter: true }],
  '@typescript-eslint/no-confusing-void-expression': 'off',
  '@typescript-eslint/prefer-nullish-coalescing': 'off',
  '@typescript-eslint/consistent-type-definitions': 'off',
  // `as T` after a look is how this code says that a value is there.
  '@typescript-eslint/non-nullable-type-assertion-style': 'off',
};

export default tseslint.config(
  {
    ignores: [
      ...['dist', 'node_modules', '.tap', '.orderlog', 'bench/results'],
      ...['clients/*/dist', 'clients/*/src/generated.ts'],
    ],
  },
  {
    files: ['**/*.ts'],
    ignores: ['console/**'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules,
  },
  {
    files: ['console/**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './console/tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...rules,
      // An attribute calls back for its effect, whatever that returns.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  {
    // Vite reads its configuration from a default export.
    files: ['console/vite.config.ts'],
    rules: { 'no-restricted-exports': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Methods of a test are handed around on purpose.
      '@typescript-eslint/unbound-method': 'off',
      // tap runs its tests itself; their promises are its own.
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafePromises: [{ from: 'package', package: '@tapjs/core', name: 'PromiseWithSubtest' }] },
      ],
    },
  },
);

import { type Case, digits, testBadRows } from './bad-rows.js';
import { header } from './folder.js';

const categories = (...rows: string[]): string => [header.categories, ...rows, ''].join('\n');
const products = (...rows: string[]): string => [header.products, ...rows, ''].join('\n');
const users = (...rows: string[]): string => [header.users, ...rows, ''].join('\n');
const tree = ['1,c,clothes,', "2,m,Mens' wear,1", '3,s,Shirts,2'];

const cases: Case[] = [
  [
    'a cycle is named once',
    'categories.csv',
    categories('1,c,x,', '2,m,x,4', '3,s,x,2', '4,,x,3'),
    [3, 'parent_cat_id', '4', /cycle: 2 → 4 → 3 → 2/],
  ],
  [
    'a category is not its own parent',
    'categories.csv',
    categories('1,c,x,', '2,,x,1', '3,,x,3'),
    [4, 'parent_cat_id', '3', /cycle: 3 → 3/],
  ],
  [
    'two cycles are two findings',
    'categories.csv',
    categories('1,,x,2', '2,,x,1', '3,,x,4', '4,,x,3'),
    [2, 'parent_cat_id', '2', /cycle/],
    [4, 'parent_cat_id', '4', /cycle/],
  ],
  [
    'one id has not two parents',
    'categories.csv',
    categories(...tree, '3,s,Shirts,1'),
    [5, 'parent_cat_id', '1', /two parents for category 3: on line 4 it is 2/],
  ],
  [
    'an id stands once',
    'categories.csv',
    categories(...tree, '3,t,Other,2'),
    [5, 'cat_id', '3', /duplicate id: it stands on line 4/],
  ],
  [
    'a code stands once',
    'categories.csv',
    categories(...tree, '4,s,Other,2'),
    [5, 'code', 's', /duplicate code: category 3/],
  ],
  [
    'a parent is known',
    'categories.csv',
    categories(...tree, '4,,Other,9'),
    [5, 'parent_cat_id', '9', /unknown parent/],
  ],
  ['an id is no E-notation', 'categories.csv', categories(...tree, '1e3,,Big,1'), [5, 'cat_id', '1e3', digits]],
  [
    'a parent is no E-notation',
    'categories.csv',
    categories(...tree, '5,,Big,1E0'),
    [5, 'parent_cat_id', '1E0', digits],
  ],
  [
    'an id has no sign, space or fraction',
    'categories.csv',
    categories(...tree, '+4,,x,1', ' 5,,x,1', '6.0,,x,1', '-7,,x,1', '0x8,,x,1'),
    [5, 'cat_id', '+4', digits],
    [6, 'cat_id', ' 5', digits],
    [7, 'cat_id', '6.0', digits],
    [8, 'cat_id', '-7', /between 1 and/],
    [9, 'cat_id', '0x8', digits],
  ],
  [
    'an id is within 1 and 2^31 - 1',
    'categories.csv',
    categories(...tree, '0,,x,1', '2147483648,,x,1', '2147483647,,x,1'),
    [5, 'cat_id', '0', /between 1 and 2147483647/],
    [6, 'cat_id', '2147483648', /between/],
  ],
  [
    'a name is there and fits',
    'categories.csv',
    categories(...tree, '4,,,1', `5,,${'😀'.repeat(201)},1`, `6,,${'😀'.repeat(200)},1`),
    [5, 'name', '', /missing/],
    [6, 'name', `${'😀'.repeat(200)}…`, /longer than 200/],
  ],
  [
    'a name has no control characters',
    'categories.csv',
    categories(...tree, '4,,a\tb,1'),
    [5, 'name', 'a\tb', /control/],
  ],
  ['a column is missing', 'categories.csv', 'cat_id,code,name\n1,a,b\n', [1, 'parent_cat_id', '', /missing/]],
  [
    'a column is unknown',
    'categories.csv',
    `${header.categories},colour\n1,c,x,,red\n`,
    [1, 'colour', 'colour', /unknown column/],
  ],
  ['a column stands twice', 'categories.csv', `${header.categories},name\n1,c,x,,y\n`, [1, 'name', 'name', /twice/]],
  ['a file has a header', 'categories.csv', '', [1, '', '', /no header/]],
  [
    'a row has a cell for each column',
    'categories.csv',
    categories(...tree, '4,,x', '5,,x,1,1'),
    [5, 'parent_cat_id', '3', /3 cells/],
    [6, '', '5', /5 cells/],
  ],
  [
    'a product id stands once',
    'products.csv',
    products('1,S-1,a,1,USD,3', '1,S-9,b,1,USD,3'),
    [3, 'product_id', '1', /duplicate id: it stands on line 2/],
  ],
  [
    'a SKU stands once',
    'products.csv',
    products('1,S-1,a,1,USD,3', '2,S-1,b,1,USD,3'),
    [3, 'sku', 'S-1', /duplicate SKU: product 1/],
  ],
  ['a category is known', 'products.csv', products('1,S-1,a,1,USD,3|77'), [2, 'cat_ids', '77', /unknown category/]],
  ['a product stands in a category', 'products.csv', products('1,S-1,a,1,USD,'), [2, 'cat_ids', '', digits]],
  [
    'a category stands once on a product',
    'products.csv',
    products('1,S-1,a,1,USD,3|2|3'),
    [2, 'cat_ids', '3', /twice/],
  ],
  [
    'a product stands in at most a thousand categories',
    'products.csv',
    products(`1,S-1,a,1,USD,${Array.from({ length: 1_001 }, (_, n) => n + 1).join('|')}`),
    [2, 'cat_ids', '1001 categories', /at most 1000/],
  ],
  ['a price is a plain number', 'products.csv', products('1,S-1,a,1e3,USD,3'), [2, 'price', '1e3', digits]],
  [
    'a price is exact',
    'products.csv',
    products('1,S-1,a,9007199254740993,USD,3', '2,S-2,a,9007199254740991,USD,3'),
    [2, 'price', '9007199254740993', /between 0 and 9007199254740991/],
  ],
  [
    'a product id is no E-notation',
    'products.csv',
    products('1,S-1,a,1,USD,3', '2e0,S-2,a,1,USD,3'),
    [3, 'product_id', '2e0', digits],
  ],
  ['a currency is a code', 'products.csv', products('1,S-1,a,1,usd,3'), [2, 'currency', 'usd', /ISO 4217/]],
  [
    'a SKU fits',
    'products.csv',
    products(`1,S-1,a,1,USD,3`, `2,${'x'.repeat(65)},a,1,USD,3`),
    [3, 'sku', 'x'.repeat(65), /longer than 64/],
  ],
  [
    'a user reference stands once',
    'users.csv',
    users('u1,a,a@x.org', 'u2,b,b@x.org', 'u1,c,c@x.org'),
    [4, 'user_ref', 'u1', /duplicate reference: it stands on line 2/],
  ],
  [
    'an e-mail belongs to one user, however it is written',
    'users.csv',
    users('u1,a,zoe\u0308@x.org', 'u2,b, ZO\u00CB@X.org '),
    [3, 'email', ' ZO\u00CB@X.org ', /duplicate e-mail/],
  ],
  [
    'an e-mail looks like one',
    'users.csv',
    users('u1,a,a@x.org', 'u2,b,nobody', 'u3,c,a@b@c', 'u4,d,@x', `u5,e,${'x'.repeat(250)}@x.org`),
    [3, 'email', 'nobody', /not an e-mail/],
    [4, 'email', 'a@b@c', /not an e-mail/],
    [5, 'email', '@x', /not an e-mail/],
    [6, 'email', `${'x'.repeat(200)}…`, /longer than 254/],
  ],
];

testBadRows(cases);

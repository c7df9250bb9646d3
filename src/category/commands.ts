export type AddCategory = {
  readonly type: 'AddCategory';
  readonly cat_id: number;
  readonly code: string | null;
  readonly name: string;
  /** Null at the top of the tree. */
  readonly parent_cat_id: number | null;
  readonly at: string;
};

/** RenameCategory and MoveCategory in one: what is left out stays. */
export type ChangeCategory = {
  readonly type: 'ChangeCategory';
  readonly cat_id: number;
  readonly name?: string;
  readonly parent_cat_id?: number | null;
  readonly at: string;
};

export type RemoveCategory = {
  readonly type: 'RemoveCategory';
  readonly cat_id: number;
  /** Whether products stand in it, told by who knows the products. */
  readonly holdsProducts: boolean;
  readonly at: string;
};

/** Many categories at once, parents before children; those that are there already are passed over. Only the import sends it. */
export type ImportCategories = {
  readonly type: 'ImportCategories';
  readonly categories: readonly Omit<AddCategory, 'type' | 'at'>[];
  readonly at: string;
};

export type CategoryCommand = AddCategory | ChangeCategory | RemoveCategory | ImportCategories;

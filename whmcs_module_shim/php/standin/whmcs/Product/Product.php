<?php

declare(strict_types=1);

namespace WHMCS\Product;

use Illuminate\Database\Eloquent\Model;

/** A product (tblproducts). */
class Product extends Model
{
    protected $table = 'tblproducts';
    public $timestamps = false;
    protected $guarded = [];
}

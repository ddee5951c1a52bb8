<?php

declare(strict_types=1);

namespace WHMCS\Billing;

use Illuminate\Database\Eloquent\Model;

/** An invoice (tblinvoices), given to the InvoicePaid hook as a model (WHMCS developer docs, hooks). */
class Invoice extends Model
{
    protected $table = 'tblinvoices';
    public $timestamps = false;
    protected $guarded = [];
}

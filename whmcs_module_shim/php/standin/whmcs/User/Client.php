<?php

declare(strict_types=1);

namespace WHMCS\User;

use Illuminate\Database\Eloquent\Model;

/** A client account (tblclients). */
class Client extends Model
{
    protected $table = 'tblclients';
    public $timestamps = false;
    protected $guarded = [];
}

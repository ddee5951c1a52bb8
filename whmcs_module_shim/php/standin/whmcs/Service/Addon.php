<?php

declare(strict_types=1);

namespace WHMCS\Service;

use Illuminate\Database\Eloquent\Model;

/** A product add-on of a service: the model of a command whose addonId is set (WHMCS developer docs). */
class Addon extends Model
{
    protected $table = 'tblhostingaddons';
    public $timestamps = false;
    protected $guarded = [];
}

<?php

declare(strict_types=1);

namespace WHMCS\Service;

use Illuminate\Database\Eloquent\Model;
use Illuminate\Database\Eloquent\Relations\BelongsTo;
use Panelbridge\Standin\ServiceProperties;
use WHMCS\Product\Product;
use WHMCS\User\Client;

/**
 * The model in $params['model'] (WHMCS developer docs, service properties). Attributes are the
 * columns of tblhosting; the password attribute is encrypted text, as the column is.
 *
 * @property-read ServiceProperties $serviceProperties
 */
class Service extends Model
{
    protected $table = 'tblhosting';
    public $timestamps = false;
    protected $guarded = [];

    public function getServicePropertiesAttribute(): ServiceProperties
    {
        return new ServiceProperties((int) $this->getAttribute('id'));
    }

    public function client(): BelongsTo
    {
        return $this->belongsTo(Client::class, 'userid');
    }

    public function product(): BelongsTo
    {
        return $this->belongsTo(Product::class, 'packageid');
    }
}

<?php

declare(strict_types=1);

namespace WHMCS\Module;

/** What an AdminHomeWidgets handler returns (WHMCS developer docs, hooks). */
abstract class AbstractWidget
{
    protected $title = '';
    protected $description = '';
    protected $weight = 150;
    protected $columns = 1;
    protected $cache = false;
    protected $cacheExpiry = 3600;
    protected $requiredPermission = '';

    abstract public function getData();

    abstract public function generateOutput($data);
}

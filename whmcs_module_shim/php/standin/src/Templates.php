<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use Smarty;

/** Real Smarty, for module templates and mails. Nothing is escaped unless a template does it. */
final class Templates
{
    private readonly Smarty $smarty;

    public function __construct()
    {
        require_once 'smarty4/Smarty.class.php';
        $this->smarty = new Smarty();
        $this->smarty->setCompileDir(self::compileFolder());
        $this->smarty->setCaching(Smarty::CACHING_OFF);
    }

    /** @param array<string, mixed> $variables */
    public function file(string $path, array $variables): string
    {
        if (!is_file($path)) {
            throw new Refused("there is no template $path");
        }
        return $this->rendered('file:' . $path, $variables);
    }

    /** @param array<string, mixed> $variables */
    public function text(string $template, array $variables): string
    {
        return $this->rendered('string:' . $template, $variables);
    }

    public static function compileFolder(): string
    {
        return sys_get_temp_dir() . '/panelbridge-standin-templates-' . getmypid();
    }

    public static function forgetCompiled(): void
    {
        foreach (glob(self::compileFolder() . '/*') ?: [] as $file) {
            unlink($file);
        }
        if (is_dir(self::compileFolder())) {
            rmdir(self::compileFolder());
        }
    }

    /** @param array<string, mixed> $variables */
    private function rendered(string $resource, array $variables): string
    {
        $this->smarty->clearAllAssign();
        $this->smarty->assign($variables);
        return $this->smarty->fetch($resource);
    }
}

<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Fixturepanel;

use RuntimeException;
use WHMCS\Database\Capsule;

/** Notes every call in a table of its own, then answers as configoption1 says for the function configoption2 names. */
final class Panel
{
    public static function act(string $function, array $params): mixed
    {
        self::note($function, $params);
        $_SESSION['fixture_calls'] = ($_SESSION['fixture_calls'] ?? 0) + 1;
        $request = ['key' => $params['serverpassword'] ?? ''];
        logModuleCall('fixturepanel', $function, $request, 'answer', '', ['server-key']);
        if (($params['configoption2'] ?? '') !== $function) {
            return 'success';
        }
        return match ($params['configoption1'] ?? 'ok') {
            'fail' => 'The panel refused',
            'throw' => throw new RuntimeException('The panel is away'),
            'null' => null,
            'print' => self::printed(),
            'warn' => [][0],
            'exit' => exit('gone'),
            default => 'success',
        };
    }

    public static function note(string $function, array $params): void
    {
        if (!Capsule::schema()->hasTable('mod_fixturepanel')) {
            Capsule::schema()->create('mod_fixturepanel', static function (object $table): void {
                $table->increments('id');
                $table->string('function');
                $table->text('params');
                $table->string('nextduedate');
            });
        }
        $due = isset($params['model']) ? (string) $params['model']->nextduedate : '';
        unset($params['model']);
        Capsule::table('mod_fixturepanel')->insert([
            'function' => $function, 'params' => json_encode($params), 'nextduedate' => $due,
        ]);
    }

    private static function printed(): string
    {
        echo 'stray output';
        return 'success';
    }
}
